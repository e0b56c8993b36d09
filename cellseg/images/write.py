"""Tiled, compressed BigTIFF files with OME-XML, written tile by tile and complete or not at all."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import DTypeLike, NDArray

from cellseg.errors import InputError
from cellseg.files import complete_file
from cellseg.images.axes import parse_axes, plane_axes
from cellseg.images.source import ImageSource, array_source

SOFTWARE = "cellseg"
COMPRESSION_LEVEL = 1
"""A network gives 10 to 20 MB of probabilities a second; level 6 shrinks them no further and takes twice as long."""
NOT_IN_XML = str.maketrans(dict.fromkeys('<>&"', "_"))
"""Most versions of tifffile write these as they are, and the file loses its metadata."""
ENCODER_BYTES = 2**24
"""Tiles waiting for the compressor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffLayout:
    """Shape and metadata of a TIFF to be written; its axes are `plane_axes`, then C for several channels, then YX."""

    height: int
    width: int
    dtype: np.dtype[Any]
    channels: int = 1
    channel_names: tuple[str, ...] = ()
    plane_axes: str = ""
    plane_shape: tuple[int, ...] = ()
    pixel_size_um: tuple[float, float] | None = None
    """Height and width of a pixel in micrometres."""
    spacing_um: float | None = None
    tile: tuple[int, int] = (512, 512)
    """Height and width of a tile in pixels, multiples of 16."""

    def __post_init__(self) -> None:
        assert len(self.plane_axes) == len(self.plane_shape)
        assert min(self.height, self.width, self.channels, *self.plane_shape) > 0
        assert all(side > 0 and side % 16 == 0 for side in self.tile), f"TIFF tiles are multiples of 16: {self.tile}"

    @property
    def planes(self) -> int:
        """Number of planes."""
        return math.prod(self.plane_shape)

    @property
    def tiles(self) -> list[tuple[slice, slice]]:
        """Rows and columns of each tile of a sheet, in the order of the file, cut at the image's edges."""
        rows, columns = (
            [slice(start, min(start + step, length)) for start in range(0, length, step)]
            for length, step in zip((self.height, self.width), self.tile, strict=True)
        )
        return list(product(rows, columns))


def layout_like(
    source: ImageSource,
    dtype: DTypeLike,
    *,
    channels: int = 1,
    channel_names: tuple[str, ...] = (),
    tile: tuple[int, int] = (512, 512),
) -> TiffLayout:
    """A layout with the planes, size and pixel size of an image."""
    return TiffLayout(
        height=source.height,
        width=source.width,
        dtype=np.dtype(dtype),
        channels=channels,
        channel_names=channel_names,
        plane_axes=source.plane_axes,
        plane_shape=source.plane_shape,
        pixel_size_um=source.pixel_size_um,
        spacing_um=source.spacing_um,
        tile=tile,
    )


def write_tiled(path: str | Path, layout: TiffLayout, blocks: Iterator[NDArray[Any]]) -> None:
    """Write a tiled BigTIFF from a stream of tiles; the same input gives the same bytes.

    Args:
        path: where it appears when it is complete.
        layout: what it is.
        blocks: (h, w) tiles of the layout's type: for each plane, for each channel, those of `layout.tiles`.

    Raises:
        InputError: it cannot be written.
    """
    axes, shape = _ome_axes(layout)
    with complete_file(Path(path)) as temporary, tifffile.TiffWriter(temporary, bigtiff=True, ome=True) as tif:
        tif.write(
            blocks,
            shape=shape,
            dtype=layout.dtype,
            tile=layout.tile,
            photometric="minisblack",
            compression="zlib",
            compressionargs={"level": COMPRESSION_LEVEL},
            buffersize=ENCODER_BYTES,
            software=SOFTWARE,
            metadata=_ome_metadata(layout, axes),
            **_resolution(layout),
        )


def write_stack(
    path: str | Path,
    array: NDArray[Any],
    axes: str | None = None,
    *,
    pixel_size_um: tuple[float, float] | None = None,
    spacing_um: float | None = None,
    channel_names: tuple[str, ...] = (),
    tile: tuple[int, int] = (512, 512),
) -> None:
    """Write an array in memory; a stack comes back as a stack, a single page as a single page.

    Args:
        path: where it appears when it is complete.
        array: (H, W), (Z, H, W), or any shape that `axes` names, which ends in YX.
        axes: its axes, such as TCYX.
        pixel_size_um: height and width of a pixel in micrometres.
        spacing_um: distance of planes in micrometres.
        channel_names: one for each channel.
        tile: height and width of a tile in pixels, multiples of 16.

    Raises:
        InputError: axes that do not fit the array, or it cannot be written.
    """
    axes = parse_axes(axes or {2: "YX", 3: "ZYX"}.get(array.ndim, ""))
    if len(axes) != array.ndim or not axes.endswith("YX"):
        raise InputError(f"the array has shape {array.shape}, which does not fit the axes {axes}", path=path)
    source = array_source(array, axes=axes)
    layout = TiffLayout(
        height=source.height,
        width=source.width,
        dtype=source.dtype,
        channels=source.channels,
        channel_names=channel_names,
        plane_axes=plane_axes(axes),
        plane_shape=tuple(size for axis, size in zip(axes, array.shape, strict=True) if axis not in "CSYX"),
        pixel_size_um=pixel_size_um,
        spacing_um=spacing_um,
        tile=tile,
    )
    sheets = product(range(source.planes), range(source.channels), layout.tiles)
    write_tiled(path, layout, (source.read(plane, *region)[channel] for plane, channel, region in sheets))


def _ome_axes(layout: TiffLayout) -> tuple[str, tuple[int, ...]]:
    """OME-TIFF counts planes by Z and T only: others take a free one of these, and more than two are merged."""
    names, lengths = list(layout.plane_axes), list(layout.plane_shape)
    while len(names) > 2:
        names[:2], lengths[:2] = ["?"], [math.prod(lengths[:2])]
    free = [axis for axis in "ZT" if axis not in names]
    named = "".join(name if name in "ZT" else free.pop(0) for name in names)
    channels = layout.channels > 1
    return f"{named}{'C' * channels}YX", (*lengths, *[layout.channels] * channels, layout.height, layout.width)


def _ome_metadata(layout: TiffLayout, axes: str) -> dict[str, Any]:
    """Nothing in it changes from run to run."""
    sizes = dict(zip("YX", layout.pixel_size_um or (), strict=False))
    sizes |= {"Z": layout.spacing_um} if layout.spacing_um else {}
    known = {f"PhysicalSize{axis}": size for axis, size in sizes.items()}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in sizes}
    names = (
        {"Channel": {"Name": [name.translate(NOT_IN_XML) for name in layout.channel_names]}}
        if layout.channel_names
        else {}
    )
    identity = str(uuid.uuid5(uuid.NAMESPACE_OID, repr(layout)))
    return {"axes": axes, "Creator": SOFTWARE, "UUID": identity, **known, **units, **names}


def _resolution(layout: TiffLayout) -> dict[str, Any]:
    """Pixels per centimetre, for programs that read no OME-XML."""
    if layout.pixel_size_um is None:
        return {}
    down, across = (1e4 / size for size in layout.pixel_size_um)
    return {"resolution": (across, down), "resolutionunit": "CENTIMETER"}

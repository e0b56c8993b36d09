"""Shape and metadata of an image to be written, and the order in which its tiles are handed over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from cellseg.images.source import ImageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLayout:
    """Shape and type of a result, as TIFF or OME-Zarr; its axes are `plane_axes`, then C for several channels, then YX.

    Tiles are handed over for each plane, for each channel, in the order of `tiles`.
    """

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
    labels: bool | None = None
    """Its values number cells or classes, so that smaller copies must not average them; None: integers do."""
    mark: str | None = None
    """Of a result of `cellseg predict`: its model, image and options; see `cellseg.images.made`."""
    holds: str = ""
    """Type of such a result: instances, classes, probabilities or uncertainty."""

    def __post_init__(self) -> None:
        assert len(self.plane_axes) == len(self.plane_shape)
        assert min(self.height, self.width, self.channels, *self.plane_shape) > 0
        assert all(side > 0 and side % 16 == 0 for side in self.tile), f"TIFF tiles are multiples of 16: {self.tile}"

    @property
    def planes(self) -> int:
        """Number of planes."""
        return math.prod(self.plane_shape)

    @property
    def holds_labels(self) -> bool:
        """Values number cells or classes."""
        return self.dtype.kind in "iu" if self.labels is None else self.labels

    @property
    def sizes_um(self) -> dict[str, float]:
        """Micrometres from pixel to pixel along Y, X and Z, where they are known."""
        down, across = self.pixel_size_um or (0.0, 0.0)
        return {axis: size for axis, size in (("Y", down), ("X", across), ("Z", self.spacing_um)) if size}

    @property
    def tiles(self) -> list[tuple[slice, slice]]:
        """Rows and columns of each tile of a sheet, in the order of the file, cut at the image's edges."""
        rows, columns = (
            [slice(start, min(start + step, length)) for start in range(0, length, step)]
            for length, step in zip((self.height, self.width), self.tile, strict=True)
        )
        return list(product(rows, columns))

    @property
    def ome_planes(self) -> tuple[str, tuple[int, ...]]:
        """Axes that count planes, and their lengths, by names that OME knows.

        OME counts planes by Z and T only: others take a free one of these, and more than two are merged.
        """
        names, lengths = _at_most_two(self.plane_axes, self.plane_shape)
        free = [axis for axis in "ZT" if axis not in names]
        return "".join(name if name in "ZT" else free.pop(0) for name in names), lengths


def layout_like(
    source: ImageSource,
    dtype: DTypeLike,
    *,
    channels: int = 1,
    channel_names: tuple[str, ...] = (),
    tile: tuple[int, int] = (512, 512),
) -> ResultLayout:
    """A layout with the planes, size and pixel size of an image."""
    return ResultLayout(
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


def _at_most_two(axes: str, lengths: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Of more than two axes all but the last are merged into one without a name, written as ?."""
    if len(axes) <= 2:
        return axes, lengths
    return f"?{axes[-1]}", (math.prod(lengths[:-1]), lengths[-1])

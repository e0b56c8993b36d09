"""Results written from a stream of tiles, or from an array in memory: TIFF, or OME-Zarr by the name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.axes import parse_axes, plane_axes, sizes_of
from cellseg.images.layout import ResultLayout, layout_like
from cellseg.images.omezarr.folder import SUFFIX
from cellseg.images.source import array_source

__all__ = ["ResultLayout", "is_zarr_name", "layout_like", "write_stack", "write_tiled"]


def write_tiled(path: str | Path, layout: ResultLayout, blocks: Iterator[NDArray[Any]]) -> None:
    """Write an image from a stream of tiles: OME-Zarr where the name ends in .zarr, else a TIFF.

    Args:
        path: where it appears when it is complete.
        layout: what it is.
        blocks: (h, w) tiles of the layout's type: for each plane, for each channel, those of `layout.tiles`.

    Raises:
        InputError: it cannot be written.
    """
    if is_zarr_name(Path(path)):
        from cellseg.images.omezarr.write import write_omezarr

        return write_omezarr(path, layout, blocks)
    from cellseg.images.tiff.write import write_tiff

    return write_tiff(path, layout, blocks)


def is_zarr_name(path: Path) -> bool:
    """True where OME-Zarr is written under a name."""
    return path.suffix.lower() == SUFFIX


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
    counted, source = plane_axes(axes), array_source(array, axes=axes)
    layout = ResultLayout(
        height=source.height,
        width=source.width,
        dtype=source.dtype,
        channels=source.channels,
        channel_names=channel_names,
        plane_axes=counted,
        plane_shape=sizes_of(counted, axes, array.shape),
        pixel_size_um=pixel_size_um,
        spacing_um=spacing_um,
        tile=tile,
    )
    sheets = product(range(source.planes), range(source.channels), layout.tiles)
    write_tiled(path, layout, (source.read(plane, *region)[channel] for plane, channel, region in sheets))

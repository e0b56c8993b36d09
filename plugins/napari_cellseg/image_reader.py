"""Images as cellseg reads them, from files of any format: planes when they are looked at, with pixel size and channels.

napari asks which reader to use wherever two claim a file, so this one claims no files: `cellseg napari`, and "Open
large image" in the File menu, call it. It is registered for OME-Zarr, of whose metadata napari's own knows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import cellseg
from cellseg import InputError
from napari_cellseg.pixels.chunked import chunked, colours_last

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource

FILES = "Images (*.tif *.tiff *.btf *.tf8 *.png *.jpg *.jpeg *.bmp *.webp *.npy *.czi *.nd2 *.lif);;All files (*)"
LARGEST = 16384
"""Side of a plane that graphics cards show whole; larger ones get coarser levels."""
MEASURED = 1024
"""Side of the region by which the contrast is set."""
_COLOURS = ("red", "green", "blue")
_CAMERA = (*_COLOURS, "alpha")
LayerData = tuple[Any, dict[str, Any], str]
"""Data, arguments and kind of a layer, as napari's readers give them."""


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """napari's reader for OME-Zarr images; None for all else."""
    paths = [path] if isinstance(path, str) else path
    one = Path(paths[0])
    if one.suffix.lower() != ".zarr" or len(paths) > 1:
        return None
    try:
        cellseg.open_image(one)
    except InputError:
        return None
    return lambda _: read_image(one)


def read_image(path: Path, name: str = "") -> list[LayerData]:
    """An image as a layer, or a layer a channel, that is read where it is looked at. All say which image they are of.

    Args:
        path: of the file.
        name: for people; by default that of the file.

    Raises:
        InputError: it is not there or cannot be read.
    """
    source = cellseg.open_image(path)
    levels = _levels(chunked(source))
    common = _common(source, path, name or path.name) | {"multiscale": len(levels) > 1}
    common["cache"] = len(levels) == 1  # napari keeps what it has read, up to a tenth of the memory
    if are_colours(source):
        return [(_first([colours_last(level) for level in levels]), common | {"rgb": True}, "image")]
    if source.channels == 1:
        return [(_first(levels), common | {"contrast_limits": limits(levels[0])}, "image")]
    return [_channel(source, levels, channel, common) for channel in range(source.channels)]


def are_colours(source: ImageSource) -> bool:
    """True if the channels of an image are red, green and blue: they are said to be, or nobody named them."""
    names = tuple(name.lower() for name in source.channel_names)
    unnamed, named = tuple(map(str, range(source.channels))), _CAMERA[: source.channels]
    return source.channels in (3, 4) and source.dtype == np.uint8 and names in (unnamed, named)


def _levels(whole: Any) -> list[Any]:
    """An array, and coarser copies until a graphics card shows one whole."""
    levels = [whole]
    while max(levels[-1].shape[-2:]) > LARGEST:
        levels.append(levels[-1][..., ::2, ::2])
    return levels


def _common(source: ImageSource, path: Path, name: str) -> dict[str, Any]:
    """Arguments of all layers of an image."""
    known = {"pixel_size_um": source.pixel_size_um, "spacing_um": source.spacing_um}
    notes = {"file": str(path), "image": name, "axes": source.plane_axes, **known}
    return {"name": name, "metadata": {"cellseg": notes}, **placement(source)}


def placement(source: ImageSource) -> dict[str, Any]:
    """Scale and units of a layer of an image."""
    spacing = [source.spacing_um if axis == "Z" else None for axis in source.plane_axes]
    sizes = [*spacing, *(source.pixel_size_um or (None, None))]
    return {"scale": tuple(size or 1.0 for size in sizes), "units": ["um" if size else "pixel" for size in sizes]}


def _channel(source: ImageSource, levels: list[Any], channel: int, common: dict[str, Any]) -> LayerData:
    """One of several channels, in its colour, on top of the others."""
    notes = common["metadata"]["cellseg"] | {"channel": channel}
    shown = {
        "metadata": {"cellseg": notes},
        "name": f"{common['name']} {source.channel_names[channel]}",
        "blending": "additive",
        "colormap": _COLOURS[channel] if source.channels <= len(_COLOURS) else "gray",
        "contrast_limits": limits(levels[0][channel]),
    }
    return _first([level[channel] for level in levels]), common | shown, "image"


def limits(array: Any) -> tuple[float, float]:
    """The grey values that are shown black and white, from some of the pixels of the middle plane."""
    plane = array[tuple(side // 2 for side in array.shape[:-2])]
    top, left = (max(0, side // 2 - MEASURED // 2) for side in plane.shape)
    part = np.asarray(plane[top : top + MEASURED, left : left + MEASURED])
    low, high = (float(value) for value in np.percentile(part, (0.1, 99.9)))
    return (low, high) if high > low else (low, low + 1)


def _first(levels: list[Any]) -> Any:
    return levels if len(levels) > 1 else levels[0]

"""Images as cellseg reads them: TIFF and OME-Zarr, planes when they are looked at, with pixel size and channels.

napari asks which reader to use wherever two claim a file, so this one claims no TIFFs: `cellseg napari`, and "Open
large image" in the File menu, call it. It is registered for OME-Zarr, of whose metadata napari's own knows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg import InputError

FILES = "Images (*.tif *.tiff *.btf *.tf8)"
LARGEST = 16384
"""Side of a plane that graphics cards show whole; larger ones get coarser levels."""
CHUNK = 2048
"""Side of the pieces in which a plane is read, at least; whole blocks of the file."""
COLOURS = ("red", "green", "blue")
LayerData = tuple[Any, dict[str, Any], str]


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """napari's reader for OME-Zarr images; None for all else."""
    one = Path(path if isinstance(path, str) else path[0])
    if one.suffix.lower() != ".zarr" or (isinstance(path, list) and len(path) > 1):
        return None
    try:
        cellseg.open_image(one)
    except InputError:
        return None
    return lambda _: read_image(one)


def read_image(path: Path) -> list[LayerData]:
    """An image as a layer, a layer a channel, that is read where it is looked at.

    Raises:
        InputError: it is not there or cannot be read.
    """
    source = cellseg.open_image(path)
    whole = lazy_array(source)
    levels = [whole]
    while max(levels[-1].shape[-2:]) > LARGEST:
        levels.append(levels[-1][..., ::2, ::2])
    several = len(levels) > 1
    down, across = source.pixel_size_um or (1.0, 1.0)
    ahead = [source.spacing_um or 1.0 if axis == "Z" else 1.0 for axis in source.plane_axes]
    settings: dict[str, Any] = {"name": path.name, "scale": (*ahead, down, across), "multiscale": several}
    known = {"pixel_size_um": source.pixel_size_um, "spacing_um": source.spacing_um}
    settings["metadata"] = {"cellseg": {"file": str(path), "axes": source.plane_axes, **known}}
    if source.channels == 1:
        return [(_first(levels), settings | {"contrast_limits": limits(whole)}, "image")]
    return [
        (
            _first([level[channel] for level in levels]),
            settings
            | {
                "name": f"{path.name} {source.channel_names[channel]}",
                "blending": "additive",
                "colormap": COLOURS[channel] if source.channels <= len(COLOURS) else "gray",
                "contrast_limits": limits(whole[channel]),
            },
            "image",
        )
        for channel in range(source.channels)
    ]


def limits(array: Any) -> tuple[float, float]:
    """The grey values that are shown black and white, from some of the pixels of the middle plane."""
    plane = array[tuple(side // 2 for side in array.shape[:-2])]
    top, left = (max(0, side // 2 - CHUNK // 4) for side in plane.shape)
    part = np.asarray(plane[top : top + CHUNK // 2, left : left + CHUNK // 2])
    low, high = (float(value) for value in np.percentile(part, (0.1, 99.9)))
    return (low, high) if high > low else (low, low + 1)


def _first(levels: list[Any]) -> Any:
    return levels if len(levels) > 1 else levels[0]


def lazy_array(source: Any) -> Any:
    """An image as a dask array (channels, planes ..., H, W), without channels where there is one.

    A chunk is made of whole blocks of the file, which are read when the chunk is asked for.
    """
    lead = ((source.channels,) if source.channels > 1 else ()) + source.plane_shape
    sides = [
        tuple(min(step, length - start) for start in range(0, length, step))
        for length, step in (
            (length, -(-CHUNK // block) * block)
            for length, block in zip((source.height, source.width), source.block, strict=True)
        )
    ]
    chunks = (*((1,) * length for length in lead), *sides)
    return da.map_blocks(partial(_read, source), chunks=chunks, dtype=source.dtype, meta=np.empty((), source.dtype))  # type: ignore[no-untyped-call]


def _read(source: Any, block_info: Any = None) -> NDArray[Any]:
    """A chunk: a region of one plane of one channel."""
    *lead, rows, columns = block_info[None]["array-location"]
    at = [start for start, _ in lead]
    channel = at.pop(0) if source.channels > 1 else 0
    plane = int(np.ravel_multi_index(at, source.plane_shape)) if at else 0
    region = source.select([channel]).read(plane, slice(*rows), slice(*columns))[0]
    return region.reshape((1,) * len(lead) + region.shape)

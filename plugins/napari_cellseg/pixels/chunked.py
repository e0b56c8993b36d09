"""An image as a dask array whose name tells which file it was made of."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource

_CHUNK = 2048
"""Side of the pieces in which a plane is read, at least; whole blocks of the file."""


def chunked(source: ImageSource) -> Any:
    """An image as a dask array (channels, planes ..., H, W), without channels where there is one.

    A chunk is made of whole blocks of the file, which are read when the chunk is asked for.
    """
    lead = ((source.channels,) if source.channels > 1 else ()) + source.plane_shape
    lengths = zip((source.height, source.width), source.block, strict=True)
    sides = [_pieces(length, -(-_CHUNK // block) * block) for length, block in lengths]
    return da.map_blocks(  # type: ignore[no-untyped-call]
        partial(_read, source),
        chunks=(*((1,) * length for length in lead), *sides),
        dtype=source.dtype,
        meta=np.empty((), source.dtype),
        name=_name(source),
    )


def _pieces(length: int, step: int) -> tuple[int, ...]:
    """Lengths of the pieces of a side."""
    return tuple(min(step, length - start) for start in range(0, length, step))


def is_untouched(array: Any, source: ImageSource) -> bool:
    """True if a dask array is the image of a source, or one of its channels, with nothing done to it since."""
    name = getattr(array, "name", None)
    if source.path is None or not isinstance(name, str):
        return False
    whole = chunked(source)
    channels = (*whole, colours_last(whole)) if source.channels > 1 else ()
    return name in {whole.name, *(channel.name for channel in channels)}


def colours_last(array: Any) -> Any:
    """An array (channels, ..., H, W) as a layer of colours takes it: (..., H, W, channels), in equal pieces."""
    return da.moveaxis(array, 0, -1).rechunk({-1: -1})


def _name(source: ImageSource) -> str | None:
    """Equal for the same state of the same file, which tells what an array was made of; None for no file."""
    if source.path is None:
        return None
    found = source.path.stat()
    state = f"{source.path.resolve()} {found.st_size} {found.st_mtime_ns} {source.sheets.tolist()}"
    return f"cellseg-{hashlib.sha256(state.encode()).hexdigest()[:32]}"


def _read(source: ImageSource, block_info: Any = None) -> NDArray[Any]:
    """A chunk: a region of one plane of one channel."""
    *lead, rows, columns = block_info[None]["array-location"]
    at = [start for start, _ in lead]
    channel = at.pop(0) if source.channels > 1 else 0
    plane = int(np.ravel_multi_index(at, source.plane_shape)) if at else 0
    region = source.select([channel]).read(plane, slice(*rows), slice(*columns))[0]
    return region.reshape((1,) * len(lead) + region.shape)

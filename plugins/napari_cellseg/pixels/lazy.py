"""The pixels of an image file as an array of which only what is looked at is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.pixels.selection import Slices, plan, shape_of

if TYPE_CHECKING:
    from pathlib import Path

    from cellseg.images.source import ImageSource

LARGE = 256 << 20
"""Bytes from which an image is not read as a whole."""
SAMPLE = 1024
"""Side of the region that the contrast is measured on."""


class LazyPixels:
    """One channel (planes, H, W), or (H, W) of a single plane; or (..., H, W, C) of all channels as colours."""

    def __init__(self, source: ImageSource, channel: int | None) -> None:
        """`channel` is its number; None stands for all of them, as colours."""
        self._source = source if channel is None else source.select([channel])
        self._colours = channel is None
        planes = (source.planes,) if source.planes > 1 else ()
        self.shape = (*planes, source.height, source.width, *((source.channels,) if self._colours else ()))
        self.dtype = source.dtype

    @property
    def file(self) -> Path | None:
        """The file that is read."""
        return self._source.path

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        box, inner = plan(key, self.shape)
        return self._read(box)[inner]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def _read(self, box: Slices) -> NDArray[Any]:
        *lead, rows, columns = box[:-1] if self._colours else box
        planes, shape = [*lead, slice(0, 1)][0], shape_of(box)
        if 0 in shape:
            return np.zeros(shape, self.dtype)
        read = np.stack([self._source.read(plane, rows, columns) for plane in range(planes.start, planes.stop)])
        read = np.moveaxis(read, 1, -1)[..., box[-1]] if self._colours else read[:, 0]
        return read.reshape(shape)


def pixels_of(source: ImageSource, channel: int | None) -> Any:
    """The pixels of one channel, or of all as colours: in memory if they are few, else a `LazyPixels`."""
    lazy = LazyPixels(source, channel)
    return lazy if lazy.nbytes > LARGE else np.asarray(lazy)


def contrast(source: ImageSource, channel: int) -> tuple[float, float]:
    """Grey values between which a channel is shown: nearly all of those in the middle of the first plane."""
    top, left = max((source.height - SAMPLE) // 2, 0), max((source.width - SAMPLE) // 2, 0)
    rows, columns = slice(top, min(top + SAMPLE, source.height)), slice(left, min(left + SAMPLE, source.width))
    values = source.select([channel]).read(0, rows, columns)
    low, high = np.nanpercentile(values, (0.1, 99.9))
    return (float(low), float(high)) if low < high else (float(low), float(low) + 1)

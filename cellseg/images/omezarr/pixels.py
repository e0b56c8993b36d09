"""Regions of zarr arrays, read chunk by chunk; only the chunks that a region touches are decoded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.axes import leading_axes, sizes_of
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.omezarr.remote import GO_ON, again, reason_of
from cellseg.images.segments import covered, paste

BYTES_AT_ONCE = 2**24
"""Of chunks that are decoded together."""


@dataclass(frozen=True, slots=True, eq=False)
class ZarrPixels:
    """The sheets of an array, counted in C order over all of its axes but Y and X."""

    array: Any
    """Of the zarr library."""
    axes: str
    """Its axes, such as TCZYX, in any order."""
    path: str
    """What messages point at."""
    remote: bool = False
    """On a server: what cannot be read is tried again."""
    _token: int = field(default_factory=new_token, init=False)

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of a chunk."""
        high, wide = (int(self.array.chunks[self.axes.index(axis)]) for axis in "YX")
        return high, wide

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        lengths = sizes_of(leading_axes(self.axes), self.axes, self.array.shape)
        at = [int(k) for k in np.unravel_index(sheet, lengths)]
        region = np.empty((rows.stop - rows.start, columns.stop - columns.start), _native(self.array.dtype))
        high, wide = self.block
        for y, places in groupby(covered(self.block, rows, columns), key=itemgetter(0)):
            xs = [x for _, x in places]
            for x, block in zip(xs, self._row_of_chunks(at, y, xs), strict=True):
                paste(region, block, y * high - rows.start, x * wide - columns.start)
        return region

    def _row_of_chunks(self, at: list[int], y: int, xs: list[int]) -> list[NDArray[Any]]:
        """The sheet at these places of the other axes, cut out of chunks of one row: (h, w) each."""
        numbers, inside = self._places(at, y)
        across = self.axes.index("X")
        chunks = [(*numbers[:across], x, *numbers[across + 1 :]) for x in xs]
        keys = [(self._token, *chunk) for chunk in chunks]
        blocks = shared_blocks.get_all(keys, lambda missing: self._decode([chunks[place] for place in missing]))
        return [self._upright(block[inside]) for block in blocks]

    def _places(self, at: list[int], y: int) -> tuple[tuple[int, ...], tuple[Any, ...]]:
        """The number of the chunk on each axis (any on X), and the index inside of it, which is all of Y and X."""
        others, whole = iter(at), {"Y": (y, slice(None)), "X": (0, slice(None))}
        along = zip(self.axes, self.array.chunks, strict=True)
        numbers, inside = zip(*(whole.get(axis) or divmod(next(others), size) for axis, size in along), strict=True)
        return numbers, inside

    def _upright(self, sheet: NDArray[Any]) -> NDArray[Any]:
        """Rows first, whatever the order in the array."""
        return sheet if self.axes.index("Y") < self.axes.index("X") else sheet.T

    def _decode(self, chunks: list[tuple[int, ...]]) -> list[NDArray[Any]]:
        """Chunks of one row; neighbours are asked for together, which costs the zarr library a half of the time."""
        most = max(1, BYTES_AT_ONCE // self._chunk_bytes)
        return list(chain.from_iterable(map(self._decode_run, _runs(chunks, self.axes.index("X"), most))))

    def _decode_run(self, run: list[tuple[int, ...]]) -> list[NDArray[Any]]:
        """Chunks side by side."""
        part = self._read_run(run)
        across = self.axes.index("X")
        size, before, native = self.array.chunks[across], (slice(None),) * across, _native(part.dtype)
        pieces = (part[(*before, slice(k * size, (k + 1) * size))] for k in range(len(run)))
        return [piece.astype(native, copy=len(run) > 1) for piece in pieces]

    def _read_run(self, run: list[tuple[int, ...]]) -> NDArray[Any]:
        ends = zip(run[0], run[-1], self.array.chunks, strict=True)
        region = tuple(slice(first * size, (last + 1) * size) for first, last, size in ends)
        try:
            return again(lambda: np.asarray(self.array[region])) if self.remote else np.asarray(self.array[region])
        except Exception as error:  # each codec has errors of its own
            names = " to ".join("/".join(map(str, chunk)) for chunk in dict.fromkeys((run[0], run[-1])))
            remedy = GO_ON if self.remote else "The folder is damaged or was changed meanwhile."
            found = f"chunk {names} cannot be read ({reason_of(error)})"
            raise InputError(found, remedy, path=self.path) from error

    @property
    def _chunk_bytes(self) -> int:
        return int(math.prod(self.array.chunks) * self.array.dtype.itemsize)


def _runs(chunks: list[tuple[int, ...]], axis: int, most: int) -> Iterator[list[tuple[int, ...]]]:
    """Neighbours along an axis, no more than `most` at once."""
    run: list[tuple[int, ...]] = []
    for chunk in chunks:
        if run and (chunk[axis] != run[-1][axis] + 1 or len(run) == most):
            yield run
            run = []
        run.append(chunk)
    yield run


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that is given out: bool counts as uint8."""
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")

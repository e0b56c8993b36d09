"""Regions of zarr arrays, read chunk by chunk; only the chunks that a region touches are decoded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.cache import new_token, shared_blocks
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
    path: Path
    _token: int = field(default_factory=new_token, init=False)

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of a chunk."""
        high, wide = (int(self.array.chunks[self.axes.index(axis)]) for axis in "YX")
        return high, wide

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        lengths = [size for axis, size in zip(self.axes, self.array.shape, strict=True) if axis not in "YX"]
        at = [int(k) for k in np.unravel_index(sheet, lengths)]
        region = np.empty((rows.stop - rows.start, columns.stop - columns.start), _native(self.array.dtype))
        high, wide = self.block
        for y, places in groupby(covered(self.block, rows, columns), key=lambda place: place[0]):
            xs = [x for _, x in places]
            for x, block in zip(xs, self._row_of_chunks(at, y, xs), strict=True):
                paste(region, block, y * high - rows.start, x * wide - columns.start)
        return region

    def _row_of_chunks(self, at: list[int], y: int, xs: list[int]) -> list[NDArray[Any]]:
        """The sheet at these places of the other axes, cut out of chunks of one row: (h, w) each."""
        places, first, inside = iter(at), list[int](), list[Any]()
        for axis, size in zip(self.axes, self.array.chunks, strict=True):
            number, rest = (y if axis == "Y" else 0, slice(None)) if axis in "YX" else divmod(next(places), size)
            first.append(number)
            inside.append(rest)
        across = self.axes.index("X")
        chunks = [(*first[:across], x, *first[across + 1 :]) for x in xs]
        keys = [(self._token, *chunk) for chunk in chunks]
        blocks = shared_blocks.get_all(keys, lambda missing: self._decode([chunks[place] for place in missing]))
        sheets = [block[tuple(inside)] for block in blocks]
        return sheets if self.axes.index("Y") < across else [sheet.T for sheet in sheets]

    def _decode(self, chunks: list[tuple[int, ...]]) -> list[NDArray[Any]]:
        """Chunks of one row; neighbours are asked for together, which costs the zarr library a half of the time."""
        across, blocks = self.axes.index("X"), list[NDArray[Any]]()
        size, most = self.array.chunks[across], max(1, BYTES_AT_ONCE // self._chunk_bytes)
        for run in _runs(chunks, across, most):
            starts = [number * size for number, size in zip(run[0], self.array.chunks, strict=True)]
            ends = [(number + 1) * size for number, size in zip(run[-1], self.array.chunks, strict=True)]
            try:
                part = np.asarray(self.array[tuple(map(slice, starts, ends))])
            except Exception as error:  # each codec has errors of its own
                names = " to ".join("/".join(map(str, chunk)) for chunk in dict.fromkeys((run[0], run[-1])))
                remedy = "The folder is damaged or was changed meanwhile."
                raise InputError(f"chunk {names} cannot be read ({error})", remedy, path=self.path) from error
            before, native = (slice(None),) * across, _native(part.dtype)
            pieces = (part[(*before, slice(k * size, (k + 1) * size))] for k in range(len(run)))
            blocks += [piece.astype(native, copy=len(run) > 1) for piece in pieces]
        return blocks

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

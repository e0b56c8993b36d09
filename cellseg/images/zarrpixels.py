"""Regions of zarr arrays, read chunk by chunk; only the chunks that a region touches are decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.segments import covered, paste


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
        for y, x in covered(self.block, rows, columns):
            paste(region, self._sheet_of_chunk(at, y, x), y * high - rows.start, x * wide - columns.start)
        return region

    def _sheet_of_chunk(self, at: list[int], y: int, x: int) -> NDArray[Any]:
        """(h, w) of the chunk in row y and column x that holds the sheet at these places of the other axes."""
        places, chunk, inside = iter(at), list[int](), list[Any]()
        for axis, size in zip(self.axes, self.array.chunks, strict=True):
            number, rest = (
                (y, slice(None)) if axis == "Y" else (x, slice(None)) if axis == "X" else divmod(next(places), size)
            )
            chunk.append(number)
            inside.append(rest)
        block = shared_blocks.get((self._token, *chunk), partial(self._decode, chunk))
        sheet: NDArray[Any] = block[tuple(inside)]
        return sheet if self.axes.index("Y") < self.axes.index("X") else sheet.T

    def _decode(self, chunk: list[int]) -> NDArray[Any]:
        starts = [number * size for number, size in zip(chunk, self.array.chunks, strict=True)]
        part = tuple(slice(start, start + size) for start, size in zip(starts, self.array.chunks, strict=True))
        try:
            block = np.asarray(self.array[part])
        except Exception as error:  # each codec has errors of its own
            name = "/".join(map(str, chunk))
            remedy = "The folder is damaged or was changed meanwhile."
            raise InputError(f"chunk {name} cannot be read ({error})", remedy, path=self.path) from error
        return block.astype(_native(block.dtype), copy=False)


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that is given out: bool counts as uint8."""
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")

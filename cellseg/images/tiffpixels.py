"""Regions of TIFF pages: mapped where rows lie plainly in the file, else from the covered strips or tiles only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.cache import BlockCache

Decode = Callable[..., tuple[NDArray[Any] | None, tuple[int, ...], tuple[int, ...]]]

CACHE_BYTES = 128 * 2**20
_cache = BlockCache(CACHE_BYTES)
_tokens = count()


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """How pages are stored; pages of one series share it."""

    decode: Decode
    """Strip or tile from its bytes and number, as tifffile makes it."""
    stored: np.dtype[Any]
    """Type in the file, with its byte order."""
    dtype: np.dtype[Any]
    """Type that is given out, in native byte order."""
    height: int
    width: int
    samples: int
    planar: bool
    """Samples lie one after another, not pixel by pixel."""
    segment: tuple[int, int]
    """Height and width of a strip or tile."""
    plain: bool
    """Rows are stored as they are in memory, byte order aside."""
    fill: float
    """Value of strips and tiles that were left out of the file."""

    @property
    def segment_bytes(self) -> int:
        """Bytes of one decoded strip or tile."""
        return self.segment[0] * self.segment[1] * (1 if self.planar else self.samples) * self.dtype.itemsize


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Where the strips or tiles of a page lie."""

    path: Path
    offsets: NDArray[np.uint64]
    counts: NDArray[np.uint64]
    coding: Coding
    jpeg: dict[str, bytes]
    """What a JPEG decoder needs beside a segment's own bytes."""

    @property
    def end(self) -> int:
        """First byte of the file after the page's data."""
        return int((self.offsets + self.counts).max(initial=0))

    @property
    def mapped(self) -> bool:
        """All its rows lie one after another in the file."""
        in_order = self.offsets[:-1] + self.counts[:-1] == self.offsets[1:]
        return self.coding.plain and bool(in_order.all()) and int(self.counts.min(initial=1)) > 0


@dataclass(frozen=True, slots=True, eq=False)
class TiffPixels:
    """The samples of each page, one sheet each."""

    pages: Sequence[Page]
    samples: int
    _token: int = field(default_factory=lambda: next(_tokens), init=False)

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        number, sample = divmod(sheet, self.samples)
        page = self.pages[number]
        try:
            if page.mapped:
                return _read_mapped(page, sample, rows, columns)
            return self._read_segments(number, sample, rows, columns)
        except InputError:
            raise
        except Exception as error:  # each codec has errors of its own
            reason = f"page {number + 1} cannot be read ({error})"
            raise InputError(reason, "The file is damaged or was changed meanwhile.", path=page.path) from error

    def _read_segments(self, number: int, sample: int, rows: slice, columns: slice) -> NDArray[Any]:
        page = self.pages[number]
        region = np.empty((rows.stop - rows.start, columns.stop - columns.start), page.coding.dtype)
        channel = 0 if page.coding.planar else sample
        with open(page.path, "rb") as file:
            for index, top, left in _covered(page.coding, sample, rows, columns):
                block = _cache.get((self._token, number, index), partial(_decode, page, index, file))
                _paste(region, block[..., channel], top - rows.start, left - columns.start)
        return region


def _read_mapped(page: Page, sample: int, rows: slice, columns: slice) -> NDArray[Any]:
    """Map only these rows, so that what was read does not stay in memory."""
    coding = page.coding
    row_shape = (coding.width,) if coding.planar else (coding.width, coding.samples)
    row_bytes = int(np.prod(row_shape)) * coding.stored.itemsize
    first_row = rows.start + (sample * coding.height if coding.planar else 0)
    start = int(page.offsets[0]) + first_row * row_bytes
    mapped = np.memmap(page.path, coding.stored, "r", offset=start, shape=(rows.stop - rows.start, *row_shape))
    region = mapped[:, columns] if coding.planar else mapped[:, columns, sample]
    return np.array(region, dtype=coding.dtype, subok=False)


def _covered(coding: Coding, sample: int, rows: slice, columns: slice) -> Iterator[tuple[int, int, int]]:
    """Number, top and left of each strip or tile that a region touches."""
    high, wide = coding.segment
    down, across = -(-coding.height // high), -(-coding.width // wide)
    first = sample * down * across if coding.planar else 0
    for y in range(rows.start // high, -(-rows.stop // high)):
        for x in range(columns.start // wide, -(-columns.stop // wide)):
            yield first + y * across + x, y * high, x * wide


def _decode(page: Page, index: int, file: BinaryIO) -> NDArray[Any]:
    """One strip or tile (h, w, samples)."""
    length = int(page.counts[index])
    if length == 0:
        samples = 1 if page.coding.planar else page.coding.samples
        return np.full((*page.coding.segment, samples), page.coding.fill, page.coding.dtype)
    file.seek(int(page.offsets[index]))
    block, _, _ = page.coding.decode(file.read(length), index, **page.jpeg)
    assert block is not None
    decoded: NDArray[Any] = block[0].astype(page.coding.dtype, copy=False)
    return decoded


def _paste(region: NDArray[Any], block: NDArray[Any], top: int, left: int) -> None:
    """Copy the part of a block at (top, left) that lies inside the region."""
    y, x = max(top, 0), max(left, 0)
    part = block[y - top : region.shape[0] - top, x - left : region.shape[1] - left]
    region[y : y + part.shape[0], x : x + part.shape[1]] = part

"""Regions of TIFF pages: mapped where rows lie plainly in the file, else from the covered strips or tiles only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.segments import covered, paste

Decode = Callable[..., tuple[NDArray[Any] | None, tuple[int, ...], tuple[int, ...]]]


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """Encoding of pages; pages of one series share it."""

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
    """Offsets and sizes of the strips or tiles of a page."""

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
    _token: int = field(default_factory=new_token, init=False)

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of what is decoded in one piece; single rows where nothing has to be decoded."""
        page = self.pages[0]
        return (1, page.coding.width) if page.mapped else page.coding.segment

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
        page, coding = self.pages[number], self.pages[number].coding
        (high, wide), channel = coding.segment, 0 if coding.planar else sample
        down, across = -(-coding.height // high), -(-coding.width // wide)
        first = sample * down * across if coding.planar else 0
        region = np.empty((rows.stop - rows.start, columns.stop - columns.start), coding.dtype)
        with open(page.path, "rb") as file:
            for y, x in covered(coding.segment, rows, columns):
                index = first + y * across + x
                block = shared_blocks.get((self._token, number, index), partial(_decode, page, index, file))
                paste(region, block[..., channel], y * high - rows.start, x * wide - columns.start)
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

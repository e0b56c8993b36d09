"""Cells that are outlines or masks of their own, drawn into one label image.

Pixels that several cells claim go to the smallest of them (of equal ones to the later): so a nucleus inside a cell, or
a cell beneath a large one, does not vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Mask, Shape, UInt32
from cellseg.errors import InputError
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.source import ImageSource, make_source
from cellseg.memory import refuse_beyond_memory

BYTES = 12
"""Memory for each pixel of a plane while its cells are drawn."""
RULE = "pixels of several cells go to the smallest"


@dataclass(frozen=True, slots=True, eq=False)
class CellMask:
    """Pixels of a cell."""

    number: int
    """0: not known."""
    top: int
    left: int
    mask: Mask
    """(h, w), whose first pixel lies at (top, left) of the image."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Overlaps of the cells of one plane."""

    cells: int = 0
    """Cells that share pixels with another one."""
    pixels: int = 0
    """Pixels of several cells."""
    hidden: int = 0
    """Cells that have no pixel of their own, and so are missing."""
    empty: int = 0
    """Cells that cover no pixel at all: outlines around no centre of one, and masks without any."""


class CellReader(Protocol):
    """The cells of some planes of one size."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Words for what a user should know of the reading."""
        ...

    def cells(self, plane: int) -> Sequence[CellMask]:
        """The cells of a plane, in the order of their numbers, cut at the edges of the image."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLabels:
    """Sheets of numbered cells, drawn when they are read."""

    reader: CellReader
    block: Shape
    """Height and width of the whole sheet."""
    overlaps: dict[int, Overlap] = field(default_factory=dict)
    """Overlaps of the sheets that were drawn."""
    _token: int = field(default_factory=new_token, init=False)

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        return self._drawn(sheet)[rows, columns].copy()

    def overlap(self, sheet: int) -> Overlap:
        """Overlaps of a sheet, which is drawn for it."""
        if sheet not in self.overlaps:
            self._drawn(sheet)
        return self.overlaps[sheet]

    def _drawn(self, sheet: int) -> UInt32:
        return shared_blocks.get((self._token, sheet), lambda: self._draw(sheet))

    def _draw(self, sheet: int) -> UInt32:
        labels, self.overlaps[sheet] = draw(self.reader.cells(sheet), self.block)
        return labels


def drawn_source(
    reader: CellReader, shape: Shape, name: str, path: Path, planes: tuple[str, tuple[int, ...]] = ("", ())
) -> ImageSource:
    """Labels of an image as they are drawn by a reader; `planes`: axes that count planes, and their lengths.

    Raises InputError where the image is too large to draw.
    """
    axes, lengths = planes
    _refuse_size(shape, path)
    pixels = DrawnLabels(reader, shape)
    size = (*lengths, *shape)
    return make_source(pixels, f"{axes}YX", size, np.dtype(np.uint32), name=name, path=path)


def are_drawn(sources: Iterable[ImageSource]) -> bool:
    """True if all labels are drawn: each of their cells is told by an outline or a mask of its own."""
    return all(isinstance(source.pixels, DrawnLabels) for source in sources)


def _refuse_size(shape: Shape, path: Path) -> None:
    """InputError for an image without pixels, or of more than fit into memory."""
    found = f"says that its image is {shape[0]} x {shape[1]} pixels"
    if min(shape) < 1:
        raise InputError(found, "Export it again.", path=path)
    remedy = "Export the cells of smaller parts, or correct the size that it tells."
    refuse_beyond_memory(BYTES * shape[0] * shape[1], found, remedy, path)


def draw(cells: Sequence[CellMask], shape: Shape) -> tuple[UInt32, Overlap]:
    """Label image (H, W) of cells, by their own numbers where each has one, else by their order, from 1."""
    labels, covered = np.zeros(shape, np.uint32), np.zeros(shape, np.uint16)
    numbers = numbers_of(cells)
    sizes = [int(cell.mask.sum()) for cell in cells]
    for k in sorted(range(len(cells)), key=lambda k: -sizes[k]):
        part = _part(cells[k])
        labels[part][cells[k].mask] = numbers[k]
        covered[part] += cells[k].mask
    return labels, _overlap(cells, numbers, labels, covered)


def numbers_of(cells: Sequence[CellMask]) -> list[int]:
    """The cells' own numbers where all have one and no two the same, else 1, 2, ..."""
    own = [cell.number for cell in cells]
    return own if all(own) and len({*own}) == len(own) else [*range(1, len(own) + 1)]


def cropped(mask: Mask, number: int = 0, top: int = 0, left: int = 0) -> CellMask:
    """A cell of a mask (h, w), whose first pixel lies at (top, left), cut to its box."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return CellMask(number, max(top, 0), max(left, 0), np.zeros((0, 0), bool))
    y, x = int(rows[0]), int(columns[0])
    return CellMask(number, top + y, left + x, mask[y : rows[-1] + 1, x : columns[-1] + 1].copy())


def clipped(cell: CellMask, shape: Shape) -> CellMask:
    """The part of a cell that lies inside an image of this height and width."""
    y, x = max(0, -cell.top), max(0, -cell.left)
    mask = cell.mask[y : max(0, shape[0] - cell.top), x : max(0, shape[1] - cell.left)]
    return replace(cell, top=cell.top + y, left=cell.left + x, mask=mask)


def _part(cell: CellMask) -> tuple[slice, slice]:
    high, wide = cell.mask.shape
    return slice(cell.top, cell.top + high), slice(cell.left, cell.left + wide)


def _overlap(cells: Sequence[CellMask], numbers: Sequence[int], labels: UInt32, covered: NDArray[np.uint16]) -> Overlap:
    twice, empty = covered > 1, sum(not cell.mask.any() for cell in cells)
    pixels = int(twice.sum())
    if not pixels:
        return Overlap(empty=empty)
    sharing = sum(bool(twice[_part(cell)][cell.mask].any()) for cell in cells)
    left = {*np.unique(labels).tolist()}
    drawn = (number for cell, number in zip(cells, numbers, strict=True) if cell.mask.any())
    return Overlap(sharing, pixels, sum(number not in left for number in drawn), empty)


def overlap_note(overlaps: Iterable[Overlap]) -> str:
    """Overlaps of several planes in words; empty where there are none."""
    found = [overlap for overlap in overlaps if overlap.pixels]
    if not found:
        return ""
    cells, pixels, hidden = (_total(found, get) for get in _COUNTS)
    lost = f"; {hidden} cells lie beneath others altogether and are missing" if hidden else ""
    planes = f" of {len(found)} images" if len(found) > 1 else ""
    return f"{cells} cells{planes} overlap in {pixels} pixels: {RULE}{lost}"


_COUNTS: tuple[Callable[[Overlap], int], ...] = (lambda o: o.cells, lambda o: o.pixels, lambda o: o.hidden)


def empty_note(overlaps: Iterable[Overlap]) -> str:
    """Cells without a pixel in words; empty where there are none."""
    count = sum(overlap.empty for overlap in overlaps)
    return f"{count} cells cover no pixel, for they are empty or smaller than one, and are missing" if count else ""


def _total(found: Iterable[Overlap], get: Callable[[Overlap], int]) -> int:
    return sum(map(get, found))

"""Index of the cells of an annotation, their places and sizes, kept a tile at a time.

A tile is surveyed when it is first asked for and again when something in it has changed, so that no edit ever reads
the whole annotation. Boxes and counts are the sums of the tiles', and therefore exact as soon as all are surveyed.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.survey import TilePart, survey
from napari_cellseg.annotation import FIRST_CELL

_TILE = 512
"""Side of a tile in pixels: a stroke lies in one to four of them, and one is surveyed in about a millisecond."""

ReadTile = Callable[[int, PlaneBox], NDArray[Any]]
"""Gives a window (h, w) of a plane."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A cell in a plane."""

    plane: int
    number: int


class CellIndex:
    """Boxes and pixels of the cells of an annotation.

    Args:
        shape: (planes, H, W).
        read: gives windows of it as they are now.
        tile: side of a tile.
        first_cell: the lowest number of a cell.
    """

    def __init__(
        self, shape: tuple[int, int, int], read: ReadTile, tile: int = _TILE, first_cell: int = FIRST_CELL
    ) -> None:
        self.shape = shape
        self._first_cell = first_cell
        self._read = read
        self._tile = tile
        self._tiles: dict[tuple[int, int, int], dict[int, TilePart]] = {}
        self._homes: dict[Cell, set[tuple[int, int, int]]] = defaultdict(set)
        self._stale: set[tuple[int, int, int]] = set()
        self._sorted: list[Cell] | None = None
        self._annotated = np.zeros(shape[0], np.int64)
        self._cells = np.zeros(shape[0], np.int64)

    def tiles(self) -> Iterator[tuple[int, int, int]]:
        """All tiles: plane, row and column of each."""
        planes, rows, columns = self._grid
        return product(range(planes), range(rows), range(columns))

    @property
    def total(self) -> int:
        return math.prod(self._grid)

    @property
    def _grid(self) -> tuple[int, int, int]:
        """Number of planes, and of rows and columns of tiles."""
        planes, height, width = self.shape
        return planes, -(-height // self._tile), -(-width // self._tile)

    @property
    def done(self) -> int:
        """Number of surveyed tiles."""
        return len(self._tiles)

    @property
    def complete(self) -> bool:
        return self.done == self.total

    def build(self) -> Iterator[int]:
        """Survey what was not yet, a tile a step; yields how many are done."""
        for tile in self.tiles():
            if tile not in self._tiles:
                self._survey(tile)
                yield self.done

    def update(self, plane: int, box: PlaneBox) -> None:
        """Marks the tiles that a window touches for a new survey before the next answer; others are left to `build`."""
        self._stale.update(tile for tile in self._touched(plane, box) if tile in self._tiles)

    def cells(self) -> list[Cell]:
        """All cells, by plane and number."""
        self._settle()
        if self._sorted is None:
            self._sorted = sorted(self._homes)
        return self._sorted

    def numbers(self, plane: int) -> list[int]:
        """Numbers of the cells of a plane, in order."""
        self._settle()
        return sorted(cell.number for cell in self._homes if cell.plane == plane)

    def box(self, cell: Cell) -> PlaneBox | None:
        """The smallest window that holds a cell, None where it is not there."""
        return _around(part.box for part in self._parts(cell))

    def pixels(self, cell: Cell) -> int:
        return sum(part.pixels for part in self._parts(cell))

    def annotated(self, plane: int | None = None) -> int:
        """Pixels that are background or cell, of a plane or of all."""
        self._settle()
        return int(self._annotated.sum() if plane is None else self._annotated[plane])

    def count(self, plane: int | None = None) -> int:
        """Cells of a plane, or of all planes together."""
        self._settle()
        return int(self._cells.sum() if plane is None else self._cells[plane])

    def touched(self, plane: int, box: PlaneBox) -> bool:
        """True if a window may hold something annotated: whether a tile does that it touches."""
        self._settle()
        return any(self._tiles.get(tile) for tile in self._touched(plane, box))

    def annotated_box(self, plane: int) -> PlaneBox | None:
        """The smallest window that holds all that is annotated in a plane."""
        self._settle()
        own = (parts for (at, _, _), parts in self._tiles.items() if at == plane)
        return _around(part.box for parts in own for part in parts.values())

    def free_number(self) -> int:
        """The number after the highest that is in use, in any plane."""
        self._settle()
        return max((cell.number for cell in self._homes), default=self._first_cell - 1) + 1

    def holds(self, number: int) -> bool:
        """True if a cell of a number is in any plane."""
        self._settle()
        return any(cell.number == number for cell in self._homes)

    def neighbour(self, cell: Cell, step: int) -> Cell | None:
        """The next (step 1) or previous (step -1) cell by plane and number, round and round."""
        cells = self.cells()
        if not cells:
            return None
        number = bisect_right(cells, cell) if step > 0 else bisect_left(cells, cell) - 1
        return cells[number % len(cells)]

    def _settle(self) -> None:
        """Survey what has changed."""
        while self._stale:
            self._survey(self._stale.pop())

    def _parts(self, cell: Cell) -> list[TilePart]:
        self._settle()
        return [self._tiles[tile][cell.number] for tile in self._homes.get(cell, ())]

    def _touched(self, plane: int, box: PlaneBox) -> Iterator[tuple[int, int, int]]:
        rows = range(box.top // self._tile, (box.bottom - 1) // self._tile + 1)
        columns = range(box.left // self._tile, (box.right - 1) // self._tile + 1)
        return product((plane,), rows, columns) if box.pixels else iter(())

    def _survey(self, tile: tuple[int, int, int]) -> None:
        plane, row, column = tile
        top, left = row * self._tile, column * self._tile
        box = PlaneBox(top, left, min(top + self._tile, self.shape[1]), min(left + self._tile, self.shape[2]))
        found = survey(np.asarray(self._read(plane, box)), top, left)
        before = self._tiles.get(tile, {})
        self._tiles[tile] = found
        self._annotated[plane] += _pixels(found) - _pixels(before)
        for number in before.keys() - found.keys():
            self._leave(Cell(plane, number), tile)
        for number in found.keys() - before.keys():
            self._enter(Cell(plane, number), tile)

    def _enter(self, cell: Cell, tile: tuple[int, int, int]) -> None:
        if cell.number >= self._first_cell:
            if cell not in self._homes:
                self._cells[cell.plane] += 1
                self._sorted = None
            self._homes[cell].add(tile)

    def _leave(self, cell: Cell, tile: tuple[int, int, int]) -> None:
        if cell.number >= self._first_cell:
            self._homes[cell].discard(tile)
            if not self._homes[cell]:
                del self._homes[cell]
                self._sorted = None
                self._cells[cell.plane] -= 1


def _around(boxes: Iterable[PlaneBox]) -> PlaneBox | None:
    """The smallest window that holds some, None of none."""
    first = next(boxes := iter(boxes), None)
    return None if first is None else reduce(PlaneBox.union, boxes, first)


def _pixels(parts: dict[int, TilePart]) -> int:
    return sum(part.pixels for part in parts.values())

"""Classes of the cells of one layer: the brush gives them to new cells, keys to others, and undo takes them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.napari_private import add_step
from napari_cellseg.project.cell_classes import CellClassTable


class ClassStep(tuple[Any, ...]):
    """A step of napari's history that gives one pixel the value it has, and notes that its cell got another class."""

    cell: Cell
    before: int
    after: int

    @classmethod
    def of(cls, target: AnnotatedLayer, cell: Cell, before: int, after: int) -> ClassStep | None:
        """Step for a cell; None where nothing of it is painted."""
        box = target.index.box(cell)
        if box is None:
            return None
        rows, columns = np.nonzero(target.read(cell.plane, box) == cell.number)
        if not rows.size:
            return None
        place = (*target.leading(cell.plane), int(rows[0]) + box.top, int(columns[0]) + box.left)
        value = np.array([cell.number], target.layer.data.dtype)
        made = cls((tuple(np.array([n]) for n in place), value, value))
        made.cell, made.before, made.after = cell, before, after
        return made


class ClassEdits:
    """Follows the strokes on a layer, and gives the cells that appear the class in hand."""

    def __init__(self, target: AnnotatedLayer, table: CellClassTable, following: int = 1) -> None:
        """`following`: class of the next cell."""
        self.target, self.table = target, table
        self._following = min(following, len(table.names))
        self._free = False
        """The brush holds a number that no cell has."""
        target.stepped.connect(self._on_stepped)
        self.look()

    def close(self) -> None:
        """Follow no longer."""
        self.target.stepped.disconnect(self._on_stepped)
        self.table.hold(None)

    @property
    def following(self) -> int:
        """Class of the next cell."""
        return self._following

    def choose(self, kind: int) -> None:
        """Let the next cell be of a class."""
        self._following = kind
        self.look()

    def look(self) -> None:
        """Look whether the brush holds a number that no cell has; after another number was chosen."""
        number, index = int(self.target.layer.selected_label), self.target.index
        known = index.holds(number) if index.complete else bool(self.table.anywhere(number))
        self._free = number >= self.target.code.first_cell and not known
        self.table.hold((number, self._following) if self._free else None)

    def give(self, cell: Cell, kind: int) -> bool:
        """Give a cell that is there a class, as a step that can be undone; False where it has it."""
        before = self.table.of(cell.plane, cell.number)
        step = ClassStep.of(self.target, cell, before, kind) if before != kind else None
        if step is None:
            return False
        add_step(self.target.layer, step)  # what it notes is done when the history is followed
        return True

    def inherit(self, plane: int, parent: int, numbers: Iterable[int]) -> None:
        """Give new cells the class of the one that they were a part of."""
        self._note({Cell(plane, number): self.table.of(plane, parent) for number in numbers})

    def take(self, plane: int, numbers: Mapping[int, int]) -> None:
        """Give new cells that were taken over the class that they were predicted as, those with 0 that of the next."""
        self._note({Cell(plane, number): kind or self._following for number, kind in numbers.items()})

    def kind_in_hand(self, plane: int) -> int:
        """Class of the cell that the brush holds, there or to come."""
        return self._following if self._free else self.table.of(plane, int(self.target.layer.selected_label))

    def counts(self) -> list[int]:
        """Number of cells without a class, and of each class."""
        found = Counter(self.table.of(cell.plane, cell.number) for cell in self.target.index.cells())
        return [found[kind] for kind in range(len(self.table.names) + 1)]

    def _on_stepped(
        self, done: Sequence[Any], taken_back: Sequence[Any], windows: Sequence[tuple[int, PlaneBox]]
    ) -> None:
        for steps, attribute in ((done, "after"), (taken_back, "before")):
            for step in chain.from_iterable(steps):
                if isinstance(step, ClassStep):
                    self._note({step.cell: getattr(step, attribute)})
        by_hand = any(not isinstance(step, ClassStep) for step in chain.from_iterable(done))
        if by_hand and not self.target.turning and str(self.target.layer.mode) != "erase":
            self._name_painted({plane for plane, _ in windows})
        self.look()

    def _name_painted(self, planes: Iterable[int]) -> None:
        """Give the cell under the brush its class in the planes in which it is new."""
        number = int(self.target.layer.selected_label)
        if number < self.target.code.first_cell:
            return
        for plane in planes:
            if self._free or not self.table.of(plane, number):
                kind = self._following if self._free else self.table.anywhere(number)
                self._note({Cell(plane, number): kind} if kind else {})

    def _note(self, kinds: Mapping[Cell, int]) -> None:
        if self.table.give({(cell.plane, cell.number): kind for cell, kind in kinds.items()}):
            for cell in kinds:
                box = self.target.index.box(cell)
                if box is not None:
                    self.target.show(cell.plane, box)

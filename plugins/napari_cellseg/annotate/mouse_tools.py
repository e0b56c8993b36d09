"""Splitting and merging cells with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from napari.utils.notifications import show_warning
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotate import accepting, surgery
from napari_cellseg.annotate.classing import Classing
from napari_cellseg.annotate.in_hand import InHand
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.marks import Marks
from napari_cellseg.annotate.tools import LineTool, PickTool, Tool, TraceTool
from napari_cellseg.annotation import is_annotation
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.project.class_colours import shown_classes

PredictedOf = Callable[[AnnotatedLayer], Any]
"""Gives the layer of the predicted cells of an annotation's image, None where there is none."""


class MouseTools:
    """Tools that cut along a line, join what is clicked on, and take predicted cells; one of them in hand at most."""

    def __init__(self, hand: InHand, marks: Marks, predicted: PredictedOf, classing: Classing) -> None:
        self._hand, self._predicted, self._classing = hand, predicted, classing
        self._taker = TraceTool(self._accept, self._on_dropped)
        self._cutter = LineTool(marks, self._cut, self._on_dropped)
        self._picker = PickTool(self._join, self._on_dropped)
        self._first: int | None = None
        """The cell that others become a part of."""

    @property
    def name(self) -> str:
        """Name of the action whose tool is in hand, or nothing."""
        tools = {"split": self._cutter, "merge": self._picker, "accept": self._taker}
        return next((name for name, tool in tools.items() if tool.in_hand), "")

    def split(self) -> None:
        """Take the cutter in hand, or drop it."""
        self._take(self._cutter, "Draw a line through a cell. Escape stops.")

    def merge(self) -> None:
        """Take the picker in hand, or drop it."""
        self._take(self._picker, "Click on the cells that are one. Escape stops.")

    def accept(self) -> None:
        """Take predicted cells over with the mouse from now on, or not any more."""
        target = self._hand.need()
        if not self._taker.in_hand and (not is_annotation(target.layer) or self._predicted(target) is None):
            raise cellseg.InputError("there are no predicted cells of this image", "Segment it, then annotate it.")
        self._take(self._taker, "Click on a predicted cell, or drag over several. Shift: no cell here. Escape stops.")

    def drop(self) -> None:
        """Give the mouse back."""
        self._cutter.drop()
        self._picker.drop()
        self._taker.drop()

    def _take(self, tool: Tool, hint: str) -> None:
        if tool.in_hand:
            tool.drop()
            return
        self._hand.plane()  # says so if no plane is seen
        self.drop()
        self._first = None
        tool.take(self._hand.need())
        self._hand.say(hint)

    def _on_dropped(self) -> None:
        self._hand.say("")

    def _cut(self, points: NDArray[np.float64]) -> None:
        if self._hand.put_off(lambda: self._cut(points)):
            return
        plane = self._hand.plane()
        try:
            cell, pieces = surgery.cut(self._hand.need(), plane, points)
            if self._classing.edits is not None:
                self._classing.edits.inherit(plane, cell, pieces)
        except cellseg.InputError as error:
            show_warning(str(error))

    def _accept(self, points: NDArray[np.float64], shift: bool) -> None:
        if self._hand.put_off(lambda: self._accept(points, shift)):
            return
        target, plane = self._hand.need(), self._hand.plane()
        predicted = self._predicted(target)
        if predicted is not None:
            places = [(round(y), round(x)) for y, x in _dense(points)]
            taken = accepting.put(target, plane, whole_of(predicted), places, no_cell=shift)
            if self._classing.edits is not None:
                self._classing.edits.take(plane, self._classes_of(predicted, plane, taken.numbers))
            self._hand.say(taken.words)

    def _classes_of(self, predicted: Any, plane: int, numbers: Mapping[int, int]) -> dict[int, int]:
        """Class of each cell that was taken, by its number in the annotation; 0 where it was predicted without one."""
        known = shown_classes(predicted)
        names = self._classing.names
        found = {number: known.name_of(plane, k) if known is not None else "" for k, number in numbers.items()}
        return {number: names.index(name) + 1 if name in names else 0 for number, name in found.items()}

    def _join(self, row: float, column: float) -> None:
        if self._hand.put_off(lambda: self._join(row, column)):
            return
        plane = self._hand.plane()
        number = self._hand.need().value(plane, row, column)
        if number is None or number < self._hand.need().code.first_cell:
            self._hand.say("There is no cell here. Click on a cell; Escape stops.")
        else:
            self._join_cell(plane, number)

    def _join_cell(self, plane: int, number: int) -> None:
        """Begin with a cell, or make it a part of the first one."""
        target = self._hand.need()
        if self._first is None or target.index.box(Cell(plane, self._first)) is None:
            self._first = number
            self._hand.select(number)
            self._hand.say(f"Click on what belongs to cell {number}. Escape stops.")
        elif number != self._first:
            surgery.join(target, plane, self._first, number)
            self._hand.say(f"Cell {number} is now cell {self._first}. Click on more, or Escape.")


def _dense(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (n, 2) along a path, a pixel apart at most."""
    parts = [
        np.linspace(one, other, int(np.abs(other - one).max()) + 1, endpoint=False) for one, other in pairwise(points)
    ]
    return np.concatenate([*parts, points[-1:]])

"""Edits of the chosen cell in the plane that is seen: holes, outline, region, deletion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotate import edits, surgery
from napari_cellseg.annotate.in_hand import InHand
from napari_cellseg.annotation import NOT_ANNOTATED

SMOOTH_PX = 2.0
"""Radius in pixels by which outlines are smoothed."""


class CellEdits:
    """Actions on the chosen cell of the annotation in hand."""

    def __init__(self, hand: InHand) -> None:
        self._hand = hand

    def fill_holes(self) -> None:
        self._edit(self.fill_holes, partial(edits.fill_holes, first=self._first_cell()), "it has no holes")

    def smooth(self) -> None:
        function = partial(edits.smooth, radius=SMOOTH_PX, first=self._first_cell())
        self._edit(self.smooth, function, "it is smooth", int(4 * SMOOTH_PX))

    def delete(self) -> None:
        self._edit(self.delete, lambda labels, cell: edits.relabel(labels, cell, NOT_ANNOTATED), "")

    def delete_to_background(self) -> None:
        background = self._hand.need().code.background
        self._edit(self.delete_to_background, lambda labels, cell: edits.relabel(labels, cell, background), "")

    def fill_region(self) -> None:
        """Fill what surrounds the mouse with the chosen cell."""
        target, cell = self._hand.need(), self._hand.need_cell()
        row, column = target.pixel(self._hand.viewer.cursor.position)
        surgery.fill_region(target, cell, row, column)

    def _first_cell(self) -> int:
        return self._hand.need().code.first_cell

    def _edit(
        self,
        again: Callable[[], None],
        function: Callable[[NDArray[Any], int], NDArray[Any]],
        nothing: str,
        margin: int = 0,
    ) -> None:
        """Change the chosen cell in the plane that is seen."""
        if self._hand.put_off(again):
            return
        target, cell = self._hand.need(), self._hand.need_cell()
        box = target.index.box(cell)
        if box is None:
            raise cellseg.InputError(f"cell {cell.number} is not in this plane", "Choose a cell with D, A or L.")
        box = box.grown(margin, target.shape[1:])
        before = target.read(cell.plane, box)
        after = function(before, cell.number)
        if not target.apply(cell.plane, [edits.changes(before, after, box)]):
            self._hand.say(f"Cell {cell.number}: {nothing}")

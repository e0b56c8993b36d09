"""Corrected cells become annotation of the project."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from weakref import WeakSet

import numpy as np
from napari.layers import Labels
from psygnal import Signal

from napari_cellseg.annotation import is_annotation
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.opened import result_in_hand
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.project.brush import hold_free_number
from napari_cellseg.segment.annotation import Taken, words_of
from napari_cellseg.segment.field import Field
from napari_cellseg.segment.results import ResultLayers, field_of
from napari_cellseg.segment.take import take_over
from napari_cellseg.session import Session, number_of

NO_CELLS = "The image that is seen has no cells yet. Segment it first."


class Correction:
    """Takes the selected cells, or those of the present result, over into the annotation."""

    warned = Signal(str)
    failed = Signal(str)
    said = Signal(str)

    def __init__(self, session: Session, tasks: Tasks, present: Callable[[], ResultLayers | None]) -> None:
        self._session, self._tasks, self._present = session, tasks, present
        self._holding: WeakSet[Labels] = WeakSet()
        """Annotations whose brush held a number that no cell had."""

    def use(self, area: str, *, replace: bool) -> None:
        """Put cells into the annotation.

        Args:
            area: a name of `AREAS`.
            replace: also over what is annotated already.
        """
        cells = self.cells()
        if cells is None:
            self.warned.emit(NO_CELLS)
            return
        for layer in self._annotations():
            if int(layer.selected_label) > int(np.max(layer.data)):
                self._holding.add(layer)  # a free number, which a cell that is put there may get
        take = partial(take_over, self._session.project, cells, area, self._seen(cells), replace=replace)
        self._tasks.run(take, self._on_taken, self.failed.emit)

    def cells(self) -> Labels | None:
        """The cells in hand: those that are selected, or those of the image that is seen."""
        session, present = self._session, self._present()
        before = None if present is None or present.cells is None else number_of(present.cells)
        found = session.layer(result_in_hand(session.open_layers(), session.active, before))
        return found if isinstance(found, Labels) else None

    def _seen(self, cells: Labels) -> Field:
        present = self._present()
        if present is not None and cells is present.cells:
            return present.field()
        return field_of(unwrapped(self._session.viewer), cells, tuple(whole_of(cells).shape))

    def _annotations(self) -> list[Labels]:
        layers = map(unwrapped, self._session.viewer.layers)
        return [layer for layer in layers if isinstance(layer, Labels) and is_annotation(layer)]

    def _on_taken(self, taken: Taken) -> None:
        for layer in self._annotations():
            layer.refresh()
            self._session.signals.annotation_changed.emit(layer)
            if layer in self._holding:
                hold_free_number(layer)
        self._holding.clear()
        self.said.emit(words_of(taken))

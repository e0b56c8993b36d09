"""Corrected cells become annotation of the project."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari.layers import Labels
from psygnal import Signal

from napari_cellseg.annotation import is_annotation, what_of
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.segment.annotation import Taken
from napari_cellseg.segment.results import ResultLayers
from napari_cellseg.segment.take import take_over
from napari_cellseg.session import Session

NO_CELLS = "There are no cells yet. Segment an image first."


class Correction:
    """Takes the selected cells, or those of the present result, over into the annotation."""

    warned = Signal(str)
    failed = Signal(str)
    said = Signal(str)

    def __init__(self, session: Session, tasks: Tasks, present: Callable[[], ResultLayers | None]) -> None:
        self._session, self._tasks, self._present = session, tasks, present

    def use(self, area: str, *, replace: bool) -> None:
        """Put cells into the annotation.

        Args:
            area: a name of `AREAS`.
            replace: also over what is annotated already.
        """
        present = self._present()
        cells = self._cells(present)
        if cells is None or present is None:
            self.warned.emit(NO_CELLS)
            return
        take = partial(take_over, self._session.project, cells, area, present.field(), replace=replace)
        self._tasks.run(take, self._on_taken, self.failed.emit)

    def _cells(self, present: ResultLayers | None) -> Labels | None:
        """The selected layer of cells, else that of the present result."""
        selected = self._session.viewer.layers.selection.active
        if isinstance(selected, Labels) and what_of(selected) == "instances":
            return selected
        return present.cells if present is not None else None

    def _on_taken(self, taken: Taken) -> None:
        for layer in self._session.viewer.layers:
            if isinstance(layer, Labels) and is_annotation(layer):
                layer.refresh()
                self._session.signals.annotation_changed.emit(layer)
        self.said.emit(f"{len(taken.ids)} cells were put into the annotation ({taken.pixels} pixels)")

"""Runs the label doctor on an annotation, beside the window."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

import cellseg
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.doctor import CONTEXT_PX, Line, Sheet, Spot, command, lines, verdict, write
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.places import grey
from napari_cellseg.annotate.suggest import Suggestion
from napari_cellseg.children.errand import Errand
from napari_cellseg.children.tasks import Tasks

if TYPE_CHECKING:
    from napari.layers import Image

NOT_READY = 2
"""How `cellseg check` ends where the labels cannot be trained on; it reports all the same."""


class Diagnosis(QObject):
    """Writes what is annotated to a folder for the time being, and has it checked."""

    found = Signal(str, list)
    """A sentence on the whole, and lines of type `doctor.Line`."""
    failed = Signal(str)
    """Why there is nothing to tell."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = Tasks(self)
        self._folder: Path | None = None
        self._errand: Errand | None = None
        self._origins: dict[str, Spot] = {}

    @property
    def running(self) -> bool:
        return self._folder is not None

    def start(self, target: AnnotatedLayer, image: Image) -> None:
        """Begin; one at a time.

        Raises:
            InputError: nothing is annotated.
        """
        parts = [(plane, target.index.annotated_box(plane)) for plane in range(target.shape[0])]
        boxes = [(plane, box.grown(CONTEXT_PX, target.shape[1:])) for plane, box in parts if box is not None]
        if not boxes:
            raise cellseg.InputError("nothing is annotated", "Press N and paint some cells.")
        self._folder = Path(tempfile.mkdtemp(prefix="cellseg-check-"))
        self._tasks.run(partial(write, _sheets(target, image, boxes), self._folder), self._on_written, self._on_failed)

    def close(self) -> None:
        """Stop it; for windows that close."""
        if self._errand is not None:
            self._errand.give_up()
        self._finish()

    def _on_written(self, origins: dict[str, Spot]) -> None:
        if self._folder is None:  # the window was closed in between
            return
        self._origins = origins
        self._errand = Errand(command(self._folder), codes=(0, NOT_READY))
        self._errand.answered.connect(self._on_report)
        self._errand.failed.connect(self._on_failed)
        self._errand.start()

    def _on_report(self, report: dict[str, Any]) -> None:
        self._finish()
        found: list[Line] = lines(report, self._origins)
        self.found.emit(verdict(report), found)

    def _on_failed(self, words: str) -> None:
        self._finish()
        self.failed.emit(words)

    def _finish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._errand = None


def _sheets(target: AnnotatedLayer, image: Image, boxes: list[tuple[int, PlaneBox]]) -> Iterator[Sheet]:
    for plane, box in boxes:
        pixels = grey(target, image, Suggestion(plane, box))
        yield Sheet(Spot(plane, box.top, box.left), pixels, target.read(plane, box))

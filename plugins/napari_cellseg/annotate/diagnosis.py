"""Runs the label doctor on an annotation, beside the window."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal

import cellseg
from napari_cellseg.annotate.box import Box
from napari_cellseg.annotate.doctor import SURROUNDINGS, Line, Sheet, Spot, command, lines, summary, write
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.places import grey
from napari_cellseg.annotate.suggest import Window
from napari_cellseg.children.child import Child

if TYPE_CHECKING:
    from napari.layers import Image


class Diagnosis(QObject):
    """Writes what is annotated to a folder for the time being, and has it checked."""

    found = Signal(str, list)
    """A sentence on the whole, and lines of type `doctor.Line`."""
    failed = Signal(str)
    """Why there is nothing to tell."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._child: Child | None = None
        self._origins: dict[str, Spot] = {}
        self._told = False
        self._words = ""

    @property
    def running(self) -> bool:
        return self._folder is not None

    def start(self, target: AnnotatedLayer, image: Image) -> None:
        """Begin; one at a time.

        Raises:
            InputError: nothing is annotated.
        """
        parts = [(plane, target.index.annotated_box(plane)) for plane in range(target.shape[0])]
        boxes = [(plane, box.grown(SURROUNDINGS, target.shape[1:])) for plane, box in parts if box is not None]
        if not boxes:
            raise cellseg.InputError("nothing is annotated", "Press N and paint some cells.")
        self._folder = Path(tempfile.mkdtemp(prefix="cellseg-check-"))
        worker: Any = create_worker(write, _sheets(target, image, boxes), self._folder)
        worker.returned.connect(self._check)
        worker.errored.connect(self._on_error)
        worker.start()

    def close(self) -> None:
        """Stop it; for windows that close."""
        if self._child is not None:
            self._child.close()
        self._finish()

    def _check(self, origins: dict[str, Spot]) -> None:
        if self._folder is None:  # the window was closed in between
            return
        self._origins, self._told, self._words = origins, False, ""
        self._child = Child(command(self._folder), self)
        self._child.told.connect(self._on_report)
        self._child.said.connect(self._on_words)
        self._child.ended.connect(self._on_end)
        self._child.start()

    def _on_report(self, report: dict[str, Any]) -> None:
        if "findings" in report:
            self._told = True
            found: list[Line] = lines(report, self._origins)
            self.found.emit(summary(report), found)

    def _on_words(self, words: str) -> None:
        if words.startswith("error:"):
            self._words = words.removeprefix("error:").strip()

    def _on_end(self, code: int) -> None:
        self._finish()
        if not self._told:
            self.failed.emit(self._words or f"the label doctor ended with code {code}")

    def _on_error(self, error: BaseException) -> None:
        self._finish()
        self.failed.emit(str(error))

    def _finish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._child = None


def _sheets(target: AnnotatedLayer, image: Image, boxes: list[tuple[int, Box]]) -> Iterator[Sheet]:
    for plane, box in boxes:
        pixels = grey(target, image, Window(plane, box))
        yield Sheet(Spot(plane, box.top, box.left), pixels, target.read(plane, box))

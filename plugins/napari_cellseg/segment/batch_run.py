"""The program that segments several images, as the panel runs it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.child import Child
from napari_cellseg.children.words import why
from napari_cellseg.segment.batch import REPORT, BatchOrder, BatchProgress

_SOME_FAILED = 1


class BatchRun(QObject):
    """Runs one order at a time."""

    changed = Signal()
    """`progress` or `running` is another."""
    finished = Signal()
    """It came to its end."""
    failed = Signal(str)
    """What was wrong with all of it, for people."""

    def __init__(self) -> None:
        super().__init__()  # without a parent: it ends its child when the window is gone
        self.order: BatchOrder | None = None
        self.progress = BatchProgress(0)
        self._child: Child | None = None
        self._is_stopped = False

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    @property
    def words(self) -> str:
        """Sentence on how far it is, or on what it has made; empty before the first run."""
        return "" if self.order is None else self.progress.words(self.order.out, running=self.running)

    @property
    def report(self) -> Path | None:
        """The page of the last run, where it is written."""
        page = None if self.order is None else self.order.out / REPORT
        return page if page is not None and page.exists() else None

    def start(self, order: BatchOrder) -> None:
        """Begin."""
        self.order, self.progress, self._is_stopped = order, BatchProgress(len(order.images)), False
        self._child = Child(["cellseg", *order.words])
        self._child.said.connect(self._on_said)
        self._child.ended.connect(self._on_ended)
        self._child.start()
        self.changed.emit()

    def stop(self) -> None:
        """End it; what is done is kept."""
        if self._child is not None and self.running:
            self._is_stopped = True
            self._child.stop()

    def close(self) -> None:
        """End it and wait."""
        if self._child is not None:
            self._child.close()

    def _on_said(self, line: str) -> None:
        self.progress.hear(line)
        self.changed.emit()

    def _on_ended(self, code: int) -> None:
        self.changed.emit()
        if self._is_stopped:
            return
        if code in (0, _SOME_FAILED) and self.progress.written:
            self.finished.emit()
        else:
            self.failed.emit(why(list(self._child.words) if self._child else [], code))

"""Work in a thread beside the window, of which only the latest is of interest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from qtpy.QtCore import QObject, Signal

from cellseg import InputError
from napari_cellseg.children.thread import WorkThread

logger = logging.getLogger(__name__)


class Latest(QObject):
    """Does one thing after the other; of what is asked meanwhile only the last remains."""

    made = Signal(object)
    """What the work gave."""
    failed = Signal(str)
    """What was wrong with the user's input, in one line."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = WorkThread(self)
        self._next: Callable[[], Any] | None = None
        self._busy = False

    @property
    def busy(self) -> bool:
        """Something is being done, or waits."""
        return self._busy

    def ask(self, work: Callable[[], Any]) -> None:
        """Do this as soon as what is being done is done."""
        self._next = work
        if not self._busy:
            self._start()

    def _start(self) -> None:
        work, self._next, self._busy = self._next, None, True
        assert work is not None
        self._thread.do(work, self._hand_over)

    def _hand_over(self, job: Future[Any]) -> None:
        self._busy = False
        if self._next is not None:
            self._start()
        error = job.exception()
        if error is None:
            self.made.emit(job.result())
        elif isinstance(error, InputError):
            self.failed.emit(str(error))
        else:
            logger.error("the preview failed", exc_info=error)
            self.failed.emit(f"{type(error).__name__}: {error}")

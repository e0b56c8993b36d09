"""Work in a thread beside the window, of which only the latest is of interest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal

from cellseg import InputError

logger = logging.getLogger(__name__)


class Latest(QObject):
    """Does one thing after the other; of what is asked meanwhile only the last remains.

    What it does must hold Python's lock no longer than some milliseconds at a time; numpy and numba let go of it.
    """

    made = Signal(object)
    """What the work gave."""
    failed = Signal(str)
    """What was wrong with the user's input, in one line."""
    _ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1)
        self._next: Callable[[], Any] | None = None
        self._busy = False
        self._ended.connect(self._hand_over)

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
        self._thread.submit(self._do, work)

    def _do(self, work: Callable[[], Any]) -> None:
        try:
            result, error = work(), None
        except Exception as reason:  # handed over to the window's thread, where it is told
            result, error = None, reason
        if isalive(self):  # the panel may have been closed meanwhile
            self._ended.emit(result, error)

    def _hand_over(self, result: Any, error: Exception | None) -> None:
        self._busy = False
        if self._next is not None:
            self._start()
        if error is None:
            self.made.emit(result)
        elif isinstance(error, InputError):
            self.failed.emit(str(error))
        else:
            logger.error("the preview failed", exc_info=error)
            self.failed.emit(f"{type(error).__name__}: {error}")

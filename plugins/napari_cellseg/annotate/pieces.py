"""Work done in pieces between the events of the window, so that it never waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from qtpy.QtCore import QObject, QTimer

PIECE_S = 0.008
_PAUSE_MS = 2


class TimeSlices(QObject):
    """Goes on with an iterator for some milliseconds at a time."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: Iterator[object] | None = None
        self._done: Callable[[], None] = lambda: None
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._go_on)

    @property
    def running(self) -> bool:
        return self._work is not None

    def start(self, work: Iterator[object], done: Callable[[], None]) -> None:
        """Begin with other work; what was not finished is dropped."""
        self._work, self._done = work, done
        self._timer.start()

    def stop(self) -> None:
        self._work = None
        self._timer.stop()

    def _go_on(self) -> None:
        until = time.perf_counter() + PIECE_S
        while self._work is not None and time.perf_counter() < until:
            try:
                next(self._work)
            except StopIteration:
                self.stop()
                self._done()
            except BaseException:
                self.stop()  # the error is shown once, not every two milliseconds
                raise

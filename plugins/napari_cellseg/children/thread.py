"""A thread beside the window that touches no widget: what it did is fetched from the window's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

LOOK_MS = 10
"""Time between two looks at what is being done."""


class WorkThread(QObject):
    """Does one thing after the other in a thread, and hands it over in the window's thread.

    A signal sent from a thread crashes Qt where its sender is deleted meanwhile, and a panel may be closed at any
    time: so a timer of the window asks, and it ends with the panel.
    What is done must hold Python's lock no longer than some milliseconds at a time; numpy and numba let go of it.
    It should refer to no widget, or the thread may be the last to hold it. While what is told of one job waits for the
    user, as a dialog does, nothing is told of the next.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1)
        self._jobs: deque[tuple[Future[Any], Callable[[Future[Any]], object]]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    def do(self, work: Callable[[], Any], then: Callable[[Future[Any]], object]) -> None:
        """Do this after what was ordered before; `then` is given the finished job, in the window's thread."""
        self._jobs.append((self._thread.submit(work), then))
        if not self._timer.isActive():  # who orders often would put it off
            self._timer.start()

    def close(self) -> None:
        """Wait for what is being done, and leave the rest; nobody is told."""
        if isalive(self._timer):
            self._timer.stop()
        self._jobs.clear()
        self._thread.shutdown(cancel_futures=True)

    def _look(self) -> None:
        while isalive(self) and self._jobs and self._jobs[0][0].done():
            job, then = self._jobs.popleft()
            then(job)  # which may close the panel
        if isalive(self) and not self._jobs:
            self._timer.stop()

"""How long a window's event loop keeps whoever clicks waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from qtpy.QtCore import QObject, Qt, QTimer

TICK_MS = 5


@dataclass(frozen=True, slots=True)
class Delays:
    """By how much ticks of a timer came too late, in milliseconds."""

    values: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Processor time that the window's thread itself took between two ticks; other programs do not count."""

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    @property
    def maximum(self) -> float:
        return float(np.max(self.values))

    def __str__(self) -> str:
        late = np.quantile(self.values, 0.99)
        return (
            f"{len(self.values)} ticks, late by {self.median:.1f} ms (median), {late:.1f} ms (99 %), "
            f"{self.maximum:.1f} ms (most); own work at most {np.max(self.busy):.1f} ms at a time"
        )


class Watch(QObject):
    """Ticks every `TICK_MS` in the event loop it is made in, and notes by how much each tick is late."""

    def __init__(self) -> None:
        super().__init__()
        self.delays = Delays()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._before = 0.0
        self._worked = 0.0

    def start(self) -> None:
        """Begin."""
        self._before, self._worked = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> Delays:
        """End; what was found."""
        self._timer.stop()
        return self.delays

    def _tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.delays.values.append(max((now - self._before) * 1000 - TICK_MS, 0.0))
        self.delays.busy.append((worked - self._worked) * 1000)
        self._before, self._worked = now, worked

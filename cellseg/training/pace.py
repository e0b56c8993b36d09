"""Pace of a training: steps a second, time left, memory held."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from cellseg.options import TrainOptions
from cellseg.training.events import Event, Stepped, Validated, Validating

RECENT = 50
"""Steps over which the speed is averaged."""


@dataclass(slots=True)
class Pace:
    """Times of steps and validations as they come; pauses do not count."""

    options: TrainOptions
    _steps: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    _validations: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    _validating: float = 0.0

    def note(self, event: Event, seconds: float) -> None:
        """An event came after so many seconds of waiting for it."""
        if isinstance(event, Stepped):
            self._steps.append(seconds)
        if isinstance(event, Validating):
            self._validating += seconds
        if isinstance(event, Validated):
            self._validations.append(self._validating + seconds)
            self._validating = 0.0

    @property
    def samples_per_second(self) -> float:
        """Over the last steps; 0 before the first."""
        return self.options.batch / max(float(np.mean(self._steps)), 1e-9) if self._steps else 0.0

    def seconds_left(self, step: int) -> float:
        """Until the last step, its validations included; a training that stops early takes less."""
        if not self._steps:
            return 0.0
        validations = self.options.steps // self.options.validate_every - step // self.options.validate_every
        each = float(np.mean(self._validations)) if self._validations else 0.0
        return (self.options.steps - step) * float(np.mean(self._steps)) + validations * each


def timed(events: Generator[Event], pace: Pace) -> Generator[Event]:
    """Pass events on, noting how long each was waited for."""
    with closing(events):
        while True:
            began = perf_counter()
            event = next(events, None)
            if event is None:
                return
            pace.note(event, perf_counter() - began)
            yield event


def memory() -> int:
    """Bytes that the training holds: of the GPU at its peak where there is one, else of main memory now."""
    from cellseg.inference.memory import resident
    from cellseg.models.hardware import most_on_device, training_device

    found = most_on_device(training_device())
    return resident() if found is None else found

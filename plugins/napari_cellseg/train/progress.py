"""State of a training that runs, from its events as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Literal

from cellseg.wording import loss_of, size_of, smoothed, time_left

Phase = Literal["idle", "preparing", "training", "paused", "finished", "stopped", "failed"]
SCORES = {"iou": "IoU", "ap50": "AP 0.5", "v_rand": "V_rand", "v_both": "V_rand and V_info"}
"""Scores that are drawn, larger is better, and what people call them."""

PHASES: dict[str, Phase] = {
    "started": "preparing",
    "stepped": "training",
    "paused": "paused",
    "continued": "training",
    "stopped": "stopped",
    "failed": "failed",
    "finished": "finished",
}
"""Phase that begins with an event."""

Point = tuple[int, float]


@dataclass(slots=True)
class TrainingProgress:
    """One training, as far as it has come."""

    phase: Phase = "idle"
    step: int = 0
    steps: int = 0
    loss: float | None = None
    seconds_left: float | None = None
    memory_bytes: int = 0
    best: str = ""
    has_model: bool = False
    losses: list[Point] = field(default_factory=list)
    scores: dict[str, list[Point]] = field(default_factory=dict)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in one event of `cellseg train --events`."""
        name = event.get("event", "")
        self.phase = PHASES.get(name, self.phase)
        take = _TAKE.get(name)
        if take is not None:
            take(self, event)

    def add_step(self, event: Mapping[str, Any]) -> None:
        """Note a step."""
        self.begin(event)
        self.seconds_left, self.memory_bytes = event["seconds_left"], event["memory_bytes"]
        self.add_loss(event["step"], event["loss"])

    def begin(self, event: Mapping[str, Any]) -> None:
        """Note the step from which it goes on."""
        self.step, self.steps = event["step"], event["steps"]

    def add_validation(self, event: Mapping[str, Any]) -> None:
        """Note a validation, and whether its model is kept."""
        self.add_scores(event["step"], event["scores"])
        if event["kept"]:
            self.has_model, self.best = True, told(event["step"], event["scores"])

    def finish(self, event: Mapping[str, Any]) -> None:
        """Note the end."""
        self.step, self.has_model, self.seconds_left = event["step"], True, 0.0
        self.best = told(event["step_of_the_model"], event["scores"])

    def add_loss(self, step: int, loss: float | None) -> None:
        """Note the loss of a step, smoothed; a step that is done again replaces what was there."""
        self._forget_from(step)
        self.loss = smoothed(self.losses[-1][1] if self.losses else None, loss)
        if loss is not None and self.loss is not None:
            self.losses.append((step, self.loss))

    def _forget_from(self, step: int) -> None:
        while self.losses and self.losses[-1][0] >= step:
            self.losses.pop()

    def add_scores(self, step: int, scores: Mapping[str, float | None]) -> None:
        """Note the scores of a validation."""
        for name in SCORES:
            value = scores.get(name)
            if value is not None:
                self.scores.setdefault(name, []).append((step, value))

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Names and figures for people."""
        shown = [
            ("Step", f"{self.step:,} of {self.steps:,}" if self.steps else ""),
            ("Time left", self._time_left()),
            ("Loss", loss_of(self.loss)),
            ("Memory", size_of(self.memory_bytes) if self.memory_bytes else ""),
            ("Model kept", self.best or "none yet"),
        ]
        return list(filter(itemgetter(1), shown))

    def _time_left(self) -> str:
        if self.seconds_left is None or self.phase != "training":
            return ""
        return time_left(self.seconds_left)


_TAKE: dict[str, Callable[[TrainingProgress, Mapping[str, Any]], None]] = {
    "started": TrainingProgress.begin,
    "stepped": TrainingProgress.add_step,
    "validated": TrainingProgress.add_validation,
    "finished": TrainingProgress.finish,
}
"""What an event tells, by its name."""


def told(step: int, scores: Mapping[str, float | None]) -> str:
    """A model in a line."""
    known = [f"{name} {value:.3f}" for key, name in SCORES.items() if (value := scores.get(key)) is not None]
    return f"step {step:,}: {', '.join(known)}" if known else f"step {step:,} (nothing held out, no score)"

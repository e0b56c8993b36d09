"""What is known of a training that runs, from its events as they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cellseg.wording import loss_of, size_of, smoothed, time_left

Phase = Literal["idle", "preparing", "training", "paused", "finished", "stopped", "failed"]
SCORES = {"iou": "IoU", "ap50": "AP 0.5", "v_rand": "V_rand", "v_both": "V_rand and V_info"}
"""Scores that are drawn, larger is better, and what people call them."""

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
        match event.get("event"):
            case "started":
                self.phase, self.step, self.steps = "preparing", event["step"], event["steps"]
            case "stepped":
                self.phase, self.step, self.steps = "training", event["step"], event["steps"]
                self.seconds_left, self.memory_bytes = event["seconds_left"], event["memory_bytes"]
                self.add_loss(event["step"], event["loss"])
            case "validated":
                self.add_scores(event["step"], event["scores"])
                if event["kept"]:
                    self.has_model, self.best = True, told(event["step"], event["scores"])
            case "paused":
                self.phase = "paused"
            case "continued":
                self.phase = "training"
            case "stopped":
                self.phase = "stopped"
            case "failed":
                self.phase = "failed"
            case "finished":
                self.phase, self.step, self.has_model = "finished", event["step"], True
                self.seconds_left = 0.0
                self.best = told(event["step_of_the_model"], event["scores"])

    def add_loss(self, step: int, loss: float | None) -> None:
        """Note the loss of a step, smoothed; a step that is done again replaces what was there."""
        while self.losses and self.losses[-1][0] >= step:
            self.losses.pop()
        self.loss = smoothed(self.losses[-1][1] if self.losses else None, loss)
        if loss is not None and self.loss is not None:
            self.losses.append((step, self.loss))

    def add_scores(self, step: int, scores: Mapping[str, float | None]) -> None:
        """Note the scores of a validation."""
        for name in SCORES:
            value = scores.get(name)
            if value is not None:
                self.scores.setdefault(name, []).append((step, value))

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Names and figures for people."""
        left = "" if self.seconds_left is None or self.phase != "training" else time_left(self.seconds_left)
        shown = [
            ("Step", f"{self.step:,} of {self.steps:,}" if self.steps else ""),
            ("Time left", left),
            ("Loss", loss_of(self.loss)),
            ("Memory", size_of(self.memory_bytes) if self.memory_bytes else ""),
            ("Model kept", self.best or "none yet"),
        ]
        return [(name, text) for name, text in shown if text]


def told(step: int, scores: Mapping[str, float | None]) -> str:
    """A model in a line."""
    known = [f"{name} {value:.3f}" for key, name in SCORES.items() if (value := scores.get(key)) is not None]
    return f"step {step:,}: {', '.join(known)}" if known else f"step {step:,} (nothing held out, no score)"

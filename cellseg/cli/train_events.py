"""The events of a training as JSON, one object a line, for other programs."""

from __future__ import annotations

import errno
import json
import math
import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from cellseg.errors import InputError
from cellseg.models.card import MODEL_FILE
from cellseg.training.events import (
    Continued,
    Event,
    Finished,
    NotUnderstood,
    Paused,
    Saved,
    Stepped,
    Stopped,
    Validated,
)
from cellseg.training.pace import Pace, memory
from cellseg.training.run_folder import CHECKPOINT, REPORT, RunFolder


@dataclass(frozen=True, slots=True)
class Lines:
    """Prints each event on standard output as soon as it comes; nothing where it is not `wanted`."""

    wanted: bool
    run: RunFolder
    pace: Pace

    def tell(self, name: str, **values: Any) -> None:
        """Print one object; what is no number is null.

        Raises:
            BrokenPipeError: the program that asked for events is gone: its training ends, with a checkpoint.
        """
        if not self.wanted:
            return
        sys.stdout.write(json.dumps({"event": name, **_plain(values)}) + "\n")
        sys.stdout.flush()
        if getattr(sys.stdout, "reader_gone", False):
            raise BrokenPipeError(errno.EPIPE, "nobody reads the events any more")

    def tell_event(self, event: Event) -> None:
        """Print an event of the training; what people wrote wrongly is for them alone."""
        if isinstance(event, NotUnderstood):
            return
        self.tell(type(event).__name__.lower(), **self._values(event))

    def _values(self, event: Event) -> dict[str, Any]:
        if isinstance(event, Stepped):
            left = self.pace.seconds_left(event.step)
            speed = {"samples_per_second": self.pace.samples_per_second, "seconds_left": left}
            return {**asdict(event), **speed, "memory_bytes": memory()}
        if isinstance(event, Saved):
            return {"step": event.step, "checkpoint": str(self.run.path / CHECKPOINT)}
        if isinstance(event, Validated):
            card = event.model.card
            cut = {"threshold": card.threshold, "minimum_size": card.minimum_size}
            return {"step": event.step, "scores": event.scores, "kept": event.kept, **cut}
        if isinstance(event, Finished):
            files = {"model": str(self.run.path / MODEL_FILE), "report": str(self.run.path / REPORT)}
            return {"step": event.step, "scores": event.scores, "step_of_the_model": event.chosen, **files}
        if isinstance(event, Stopped):
            return {"run": str(event.run)}
        return {} if isinstance(event, Paused | Continued) else asdict(event)


def heard(events: Generator[Event], lines: Lines) -> Generator[Event]:
    """Pass events on, printed; what stops them is printed, too."""
    with closing(events):
        try:
            for event in events:
                lines.tell_event(event)
                yield event
        except InputError as error:
            lines.tell("failed", error=str(error))
            raise


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""Running a training where people and programs can watch it, pause it and stop it."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from cellseg.cli.pictures.validation import draw_validation
from cellseg.cli.progress import bar, console, say
from cellseg.cli.signals import stoppable
from cellseg.cli.train_events import Lines, heard
from cellseg.training.control import GO, PAUSE, STOP
from cellseg.training.events import (
    Compared,
    Event,
    Finished,
    NotUnderstood,
    Paused,
    Saved,
    Started,
    Stepped,
    Validated,
    Validating,
    Weighed,
)
from cellseg.training.pace import Pace, memory
from cellseg.training.report import forgotten
from cellseg.training.run import TrainingRun
from cellseg.training.run_folder import CURVES, REPORT_TEXT, RunFolder
from cellseg.wording import loss_of, size_of, smoothed, time_left

INTERRUPTED = 130
TELL_EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


def watch(run: TrainingRun, folder: RunFolder, as_lines: bool) -> Finished | None:
    """Show a training to its end, or until it is stopped; then None.

    Args:
        run: the training.
        folder: where it is recorded.
        as_lines: whether events are printed on standard output.
    """
    lines = Lines(as_lines, folder, run.pace)
    last: Event | None = None
    with stoppable() as stop, closing(heard(run.events(lambda: stop.asked), lines)) as events:
        _prepare(events, len(run.data.training))
        with _board(run.settings.train.steps, run.pace) as board:
            for event in events:
                last = event
                board.show(event)
                _draw(event, folder)
    if isinstance(last, Finished):
        return last
    say(f"stopped; go on with: cellseg train --out {folder.path} --resume")
    return None


def follow(run: TrainingRun) -> None:
    """Do the share of a process that is not the first, in silence, until all end."""
    with stoppable() as stop:
        for _ in run.events(lambda: stop.asked):
            pass


def conclude(found: Finished, run: RunFolder) -> None:
    """Tell people what came of it."""
    scores = f" On the images held out: {in_words(found.scores)}." if found.scores else ""
    say(f"done: {run.path}, model of step {found.chosen}.{scores}")
    if forgotten(found):
        say(f"On the images of the earlier training it became worse; see {run.path / REPORT_TEXT}")
    say(f"look at {run.path / CURVES}, {run.path / 'validation.png'} and {run.path / REPORT_TEXT}")
    say(f"next: cellseg predict {run.path} IMAGE.tif --out LABELS.tif")


def in_words(scores: dict[str, float]) -> str:
    """Scores in a line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())


def _prepare(events: Generator[Event], images: int) -> None:
    """Show what comes before the first step: the network, and the weight maps."""
    with bar("weight maps", images) as update:
        for event in events:
            if isinstance(event, Started):
                say(
                    f"a network of {event.parameters:,} parameters; samples of {event.output_size} x "
                    f"{event.output_size} pixels, seen within {event.input_size} x {event.input_size}; "
                    f"steps {event.step} to {event.steps}"
                )
                for note in event.notes:
                    say(f"note: {note}")
            if isinstance(event, Weighed):
                update(event.done, f"{event.reused} kept from before" if event.reused else "")
            if isinstance(event, Weighed) and event.done == event.total:
                return


def _draw(event: Event, run: RunFolder) -> None:
    if isinstance(event, Validated):
        draw_validation(event.model, event.seen, run.pictures / f"step-{event.step:06}.png")
    if isinstance(event, Finished):
        draw_validation(event.model, event.seen, run.path / "validation.png")


@dataclass(slots=True)
class _Board:
    """A bar and a table of figures in a terminal, else a line from time to time; both from events as they come."""

    steps: int
    pace: Pace
    live: Any = None
    progress: Any = None
    step: int = 0
    loss: float | None = None
    kept: str = "none yet"
    saved: str = "none yet"
    busy: str = ""
    told: float = field(default_factory=time.monotonic)

    def show(self, event: Event) -> None:
        """Refresh it; a validation is a line that stays."""
        if isinstance(event, Paused) and event.first:
            say(f"paused; write go or stop into {event.control}")
        if isinstance(event, NotUnderstood):
            say(f"{event.control} says {event.word!r}, which is none of: {PAUSE}, {GO}, {STOP}")
        if isinstance(event, Compared):
            say(f"the model of --from: {in_words(event.scores)}")
        self.busy = f"{event.stage}, {event.done / event.total:.0%}" if isinstance(event, Validating) else ""
        if isinstance(event, Stepped):
            self.step = event.step
            self.loss = smoothed(self.loss, event.loss)
        if isinstance(event, Validated):
            self.kept = f"step {event.step}: {in_words(event.scores)}".rstrip(": ") if event.kept else self.kept
            end = " (kept)" if event.kept else ""
            scores = in_words(event.scores) or "nothing is held out"
            say(f"step {event.step}: loss {loss_of(self.loss) or 'unknown'}, {scores}{end}")
        if isinstance(event, Saved):
            self.saved = f"step {event.step}"
        self._refresh()

    def _refresh(self) -> None:
        if self.live is not None:
            self.progress.update(self.progress.task_ids[0], completed=self.step)
            self.live.update(self._picture())
        elif time.monotonic() - self.told > TELL_EVERY:
            self.told = time.monotonic()
            say(", ".join([f"step {self.step} of {self.steps}", *(f"{k} {v}" for k, v in self._figures().items())]))

    def _figures(self) -> dict[str, str]:
        return {
            "loss": loss_of(self.loss),
            "samples a second": f"{self.pace.samples_per_second:.2f}",
            "time left": time_left(self.pace.seconds_left(self.step)),
            "memory": size_of(memory()),
            **({"validation": self.busy} if self.busy else {}),
        }

    def _picture(self) -> Any:
        from rich.console import Group
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for name, value in {**self._figures(), "model kept": self.kept, "checkpoint": self.saved}.items():
            table.add_row(name, value)
        return Group(self.progress, table)


@contextmanager
def _board(steps: int, pace: Pace) -> Iterator[_Board]:
    if not console().is_terminal:
        yield _Board(steps, pace)
        return
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console())
    progress.add_task("training", total=steps)
    with Live(progress, console=console(), refresh_per_second=4) as live:
        yield _Board(steps, pace, live, progress)

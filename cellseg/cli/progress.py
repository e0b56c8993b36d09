"""Progress bars, and stopping at a safe place."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from cellseg.training.torchrun import is_follower

if TYPE_CHECKING:
    from rich.console import Console


@cache
def console(*, error: bool = True) -> Console:
    """The terminal: standard error for people, standard output for results."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, markup=False, soft_wrap=error, quiet=is_follower())


def say(text: str) -> None:
    """Tell the user something, on standard error."""
    console().print(text)


class Update(Protocol):
    """Tell a bar how much is done, and a note beside it."""

    def __call__(self, done: int, note: str = "") -> None: ...


@contextmanager
def bar(what: str, total: int) -> Iterator[Update]:
    """A bar on standard error with the time left; call what is given with the count done and a note."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as progress:
        task = progress.add_task(what, total=total, note="")

        def update(done: int, note: str = "") -> None:
            progress.update(task, completed=done, note=note)

        yield update


class Stop:
    """Wish of the user to stop."""

    asked = False


ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP") if hasattr(signal, name))
"""Signals that ask for an end; queues send SIGUSR1 before the walltime is over, a terminal that is closed SIGHUP."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End as on Ctrl-C on every signal that asks for an end."""

    def end(number: int, _frame: FrameType | None) -> Any:
        raise KeyboardInterrupt

    with _handled(end):
        yield


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn the first signal that asks for an end into a wish that the loop can meet at a safe place.

    The second stops at once.
    """
    stop = Stop()

    def ask(number: int, _frame: FrameType | None) -> Any:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    with _handled(ask):
        yield stop


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Handle the signals that ask for an end; only the main thread may. One that nohup has switched off stays so."""
    ours = [number for number in ENDS if not _is_switched_off(number)] if current_thread() is main_thread() else []
    before = {number: signal.signal(number, handler) for number in ours}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _is_switched_off(number: signal.Signals) -> bool:
    return number != signal.SIGINT and signal.getsignal(number) is signal.SIG_IGN


def heed_nothing() -> None:
    """Let no signal disturb what is left to do, for a process that has come to its end."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)

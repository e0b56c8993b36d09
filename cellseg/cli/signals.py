"""Signals that ask for an end, met at a safe place."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any


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

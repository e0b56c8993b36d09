"""Work that is done in steps, by a generator that returns a result: run to its end, or told from time to time."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def finished(steps: Generator[T, None, R]) -> R:
    """The result of some steps; what they tell on the way is not heard."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: R = end.value
            return result


def now_and_then(steps: Generator[T, None, R], seconds: float) -> Generator[T, None, R]:
    """The same steps, of which one is told no sooner than `seconds` after the last one."""
    told = time.monotonic()
    while True:
        try:
            one = next(steps)
        except StopIteration as end:
            result: R = end.value
            return result
        if time.monotonic() - told >= seconds:
            yield one
            told = time.monotonic()

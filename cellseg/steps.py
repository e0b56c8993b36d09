"""Work that is done in steps, by a generator that returns a result: run to its end, told otherwise or less often."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


@dataclass(slots=True)
class Heard(Generic[T, R]):
    """Steps as they come, and afterwards their result."""

    steps: Generator[T, None, R]
    result: R = field(init=False)

    def __iter__(self) -> Iterator[T]:
        self.result = yield from self.steps


def finished(steps: Generator[T, None, R]) -> R:
    """The result of some steps; what they tell on the way is not heard."""
    heard = Heard(steps)
    for _ in heard:
        pass
    return heard.result


def retold(steps: Generator[T, None, R], word: Callable[[T], S]) -> Generator[S, None, R]:
    """The same steps, each told as `word` has it."""
    heard = Heard(steps)
    for one in heard:
        yield word(one)
    return heard.result


def now_and_then(steps: Generator[T, None, R], seconds: float) -> Generator[T, None, R]:
    """The same steps, of which one is told no sooner than `seconds` after the last one."""
    heard, told = Heard(steps), time.monotonic()
    for one in heard:
        if time.monotonic() - told >= seconds:
            yield one
            told = time.monotonic()
    return heard.result

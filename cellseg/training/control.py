"""Pausing and stopping a training from outside, by a word in a file of its run folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cellseg.training.events import Continued, ControlEvent, NotUnderstood, Paused

PAUSE, STOP, GO = "pause", "stop", "go"
LOOK_EVERY = 0.1
"""Seconds between two looks at the file while paused."""
TELL_EVERY = 2.0
"""Seconds after which "paused" is told again: if whoever listened is gone, telling fails, and the training ends."""


@dataclass(slots=True)
class Control:
    """Obeys the word in a file, between two steps.

    Attributes:
        path: the file.
        asked: whether the program itself was asked to stop.
        stop: whether the file said stop.
    """

    path: Path
    asked: Callable[[], bool]
    stop: bool = field(default=False, init=False)
    _unknown: str = field(default="", init=False)

    def forget(self) -> None:
        """A word that was left there is not meant for this run of the program."""
        with suppress(OSError):
            self.path.unlink()

    def ends(self) -> bool:
        """True if the training is to stop."""
        return self.stop or self.asked()

    def obey(self) -> Iterator[ControlEvent]:
        """Wait from the word pause to go, stop, or no file; wish to stop where it is stop."""
        word = self._word()
        if word == PAUSE:
            word = yield from self._wait()
            yield Continued()
        self.stop = self.stop or word == STOP
        if word in (GO, STOP):
            self.forget()
        yield from self._refuse(word)

    def _wait(self) -> Generator[ControlEvent, None, str]:
        """Tell from time to time that it is paused; returns the word that ended it."""
        word, told = PAUSE, float("-inf")
        while word not in (GO, STOP) and self.path.exists() and not self.ends():
            if time.monotonic() - told >= TELL_EVERY:
                yield Paused(self.path, told == float("-inf"))
                told = time.monotonic()
            time.sleep(LOOK_EVERY)
            word = self._word()
            yield from self._refuse(word)
        return word

    def _refuse(self, word: str) -> Iterator[ControlEvent]:
        """Say once that a word is not known."""
        if word and word not in (PAUSE, GO, STOP, self._unknown):
            self._unknown = word
            yield NotUnderstood(self.path, word)

    def _word(self) -> str:
        """Empty where there is no file, or it is being written."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").strip().lower()[:20]
        except OSError:
            return ""

"""Pausing and stopping a training from outside, by a word in a file of its run folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cellseg.cli.progress import Stop, say

PAUSE, STOP, GO = "pause", "stop", "go"
LOOK_EVERY = 0.1
"""Seconds between two looks at the file while paused."""
TELL_EVERY = 2.0
"""Seconds after which "paused" is told again: if whoever listened is gone, telling fails, and the training ends."""


@dataclass(slots=True)
class Control:
    """Obeys the word in a file, between two steps."""

    path: Path
    stop: Stop
    told: Callable[[str], None]
    """Called with "paused" and "continued"."""
    _unknown: str = field(default="", init=False)

    def forget(self) -> None:
        """A word that was left there is not meant for this run of the program."""
        with suppress(OSError):
            self.path.unlink()

    def obey(self) -> None:
        """Wait from the word pause to go, stop, or no file; wish to stop where it is stop."""
        word = self._word()
        if word == PAUSE:
            say(f"paused; write go or stop into {self.path}")
            told = float("-inf")
            while word not in (GO, STOP) and self.path.exists() and not self.stop.asked:
                if time.monotonic() - told >= TELL_EVERY:
                    self.told("paused")
                    told = time.monotonic()
                time.sleep(LOOK_EVERY)
                word = self._word()
                self._refuse(word)
            self.told("continued")
        if word == STOP:
            self.stop.asked = True
        if word in (GO, STOP):
            self.forget()
        self._refuse(word)

    def _refuse(self, word: str) -> None:
        """Say once that a word is not known."""
        if word and word not in (PAUSE, GO, STOP, self._unknown):
            say(f"{self.path} says {word!r}, which is none of: {PAUSE}, {GO}, {STOP}")
            self._unknown = word

    def _word(self) -> str:
        """Empty where there is no file, or it is being written."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").strip().lower()[:20]
        except OSError:
            return ""

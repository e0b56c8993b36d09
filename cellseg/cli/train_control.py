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
        """Wait while the word is pause; wish to stop where it is stop."""
        word = self._word()
        if word == PAUSE:
            say(f"paused; write go or stop into {self.path}")
            self.told("paused")
            while word == PAUSE and not self.stop.asked:
                time.sleep(LOOK_EVERY)
                word = self._word()
            self.told("continued")
        if word == STOP:
            self.stop.asked = True
        if word in (GO, STOP):
            self.forget()
        elif word and word != PAUSE and word != self._unknown:
            say(f"{self.path} says {word!r}, which is none of: {PAUSE}, {GO}, {STOP}")
            self._unknown = word

    def _word(self) -> str:
        """Empty where there is no file, or it cannot be read now."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").strip().lower()[:20]
        except OSError:
            return ""

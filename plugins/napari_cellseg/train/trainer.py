"""One training in a process of its own: its plan, its start, its pauses, its end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.child import Child
from napari_cellseg.children.errand import Errand
from napari_cellseg.children.words import why
from napari_cellseg.train.progress import Phase, TrainingProgress
from napari_cellseg.train.runs import CONTROL, progress_of

COMMAND = ("cellseg", "train")
INTERRUPTED = 130


class Trainer(QObject):
    """Runs `cellseg train`; belongs to no widget, so that it can end its child when the window is gone."""

    planned = Signal(dict)
    """What the training would do."""
    changed = Signal()
    """`progress` is another."""
    validated = Signal(bool)
    """A validation, and whether its model is kept."""
    ended = Signal(str)
    """The phase in which it ended: finished, stopped or failed."""
    failed = Signal(str)
    """What was wrong, for people."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = TrainingProgress()
        self.run: Path | None = None
        self._child: Child | None = None
        self._errand: Errand | None = None

    @property
    def running(self) -> bool:
        """True if a training goes on, paused ones included."""
        return self._child is not None and self._child.running

    def plan(self, words: Sequence[str]) -> None:
        """Ask what a training with these words would do."""
        self.send_errand([*COMMAND, *words, "--dry-run", "--json"], self.planned.emit)

    def send_errand(self, arguments: Sequence[str], answered: Any) -> None:
        """Start a child that answers with one object; one at a time."""
        if self._errand is not None:
            self._errand.give_up()
        self._errand = Errand(arguments)
        self._errand.answered.connect(answered)
        self._errand.failed.connect(self.failed)
        self._errand.start()

    def start(self, run: Path, words: Sequence[str]) -> None:
        """Train into a new run folder."""
        self._begin(run, ["--out", str(run), *words], TrainingProgress("preparing"))

    def resume(self, run: Path, words: Sequence[str]) -> None:
        """Go on with a training that was interrupted."""
        progress = progress_of(run)
        progress.phase = "preparing"
        self._begin(run, words, progress)

    def pause(self) -> None:
        """Wait after this step."""
        self._say("pause")

    def go_on(self) -> None:
        """End a pause."""
        self._say("go")

    def stop(self) -> None:
        """End after this step; the best model and the checkpoint are kept."""
        if self.progress.phase == "preparing" and self._child is not None:
            self._child.stop()  # nobody looks at the control file yet
        self._say("stop")

    def close(self) -> None:
        """End everything now, as Ctrl-C does."""
        if self._errand is not None:
            self._errand.give_up()
        if self._child is not None and self._child.running:
            self._say("stop")
            self._child.close()

    def _begin(self, run: Path, words: Sequence[str], progress: TrainingProgress) -> None:
        assert not self.running, "one training at a time"
        self.run, self.progress = run, progress
        self._child = Child([*COMMAND, *words, "--events"])
        self._child.told.connect(self._on_told)
        self._child.ended.connect(self._on_child_ended)
        self._child.start()
        self.changed.emit()

    def _on_told(self, event: dict[str, Any]) -> None:
        self.progress.hear(event)
        self.changed.emit()
        if event.get("event") == "validated":
            self.validated.emit(bool(event["kept"]))

    def _on_child_ended(self, code: int) -> None:
        self.progress.phase = self._last_phase(code)
        self.changed.emit()
        if self.progress.phase == "failed":
            self.failed.emit(why(list(self._child.words) if self._child else [], code))
        self.ended.emit(self.progress.phase)

    def _last_phase(self, code: int) -> Phase:
        """The phase in which it ended with an exit code."""
        if code == INTERRUPTED or (code == -1 and self.progress.phase == "preparing"):
            return "stopped"
        return "failed" if code else self.progress.phase

    def _say(self, word: str) -> None:
        if self.run is not None and self.running:
            with suppress(OSError):  # the run folder is not there yet
                (self.run / CONTROL).write_text(word, encoding="utf-8")

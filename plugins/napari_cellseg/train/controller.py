"""Decisions of the panel for training: what may be begun when, and with which words. Knows no widget."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_cellseg.napari_private import unwrapped
from napari_cellseg.train.plan import plan_line, plan_lines
from napari_cellseg.train.runs import data_folder, resume_words, unfinished
from napari_cellseg.train.wishes import Wishes

if TYPE_CHECKING:
    from napari_cellseg.session import Session
    from napari_cellseg.train.trainer import Trainer
    from napari_cellseg.train.writing import LayerWriter, Source

RUNS = Path.home() / "cellseg-runs"
"""Where run folders are made without a project, unless another place is chosen."""
NO_LAYERS = "an image layer and a labels layer are needed. Open both, or make a project."
TRAINING_SET = "napari_cellseg.project.training_set"
PanelStage = Literal["setup", "planning", "planned", "running"]


class TrainController:
    """Leads from the form over the plan to the end of a training."""

    changed = Signal()
    """`stage` is another."""
    planned = Signal(list)
    """Names and figures of the plan."""
    listed = Signal(list)
    """The interrupted runs of the project."""
    kept = Signal(Path)
    """The run whose model has become better."""
    finished = Signal(Path)
    failed = Signal(str)
    """What is wrong, for people."""

    def __init__(self, session: Session, trainer: Trainer, writer: LayerWriter, wishes: Wishes) -> None:
        self.stage: PanelStage = "setup"
        self._session, self._trainer, self._writer, self._wishes = session, trainer, writer, wishes
        self.line = ""
        """What the training that was planned last does, in a line."""
        self._starts_when_planned = False
        self._run: Path | None = None
        self._data: Path | None = None
        self._files: list[str] = []
        self._words: list[str] = []
        writer.written.connect(self._on_files_written)
        writer.compared.connect(self._on_layers_compared)
        writer.failed.connect(self._on_failed)
        trainer.planned.connect(self._on_planned)
        trainer.validated.connect(self._on_validated)
        trainer.ended.connect(self._on_ended)
        trainer.failed.connect(self._on_failed)

    @property
    def command(self) -> str:
        """The planned training as a line for a shell."""
        return shlex.join(["cellseg", "train", "--out", str(self._run), *self._words])

    def use_project(self, project: Any) -> None:
        """Train for this project from now on, or with None for no project."""
        self.listed.emit(unfinished([] if project is None else project.runs))
        if project is not None and not self._wishes.model:
            self._wishes.begin_with("", in_project=True)

    def begin_with(self, model: str) -> None:
        """Go on from a model, or with an empty name begin with a new network."""
        self._wishes.begin_with(model, in_project=self._session.project is not None)

    def plan(self, source: Source, folder: str) -> None:
        """Write what is learnt from, then ask what the training would do.

        Args:
            source: what is learnt from.
            folder: of the run, where there is no project.
        """
        try:
            self._run = self._new_run(folder)
        except OSError as error:
            self._on_failed(f"the run folder cannot be made ({error.strerror}). Choose another one.")
            return
        if not source.complete:
            self._on_failed(NO_LAYERS)
            return
        self._go_to("planning")
        self._write(source, data_folder(self._run, self._project_path))

    def train(self, source: Source, folder: str) -> None:
        """Plan a training, and start it as soon as its plan is known."""
        self._starts_when_planned = True
        self.plan(source, folder)

    def back(self) -> None:
        """Change something first."""
        self._go_to("setup")

    def start(self) -> None:
        """Start what was planned."""
        assert self._run is not None
        self._trainer.start(self._run, self._words)
        self._go_to("running")

    def resume(self, run: Path) -> None:
        """Go on with a training that was interrupted."""
        self._trainer.resume(run, resume_words(run, self._project_path))
        self._go_to("running")

    def _write(self, source: Source, data: Path) -> None:
        """Write what is learnt from."""
        if not source.from_project:
            self._writer.write(source, data)
            return
        assert self._session.project is not None
        self._data = data
        layers = [unwrapped(layer) for layer in self._session.viewer.layers]
        self._writer.write_changed(self._session.project, layers, data.with_name(f"{data.name}-changed"))

    @property
    def _project_path(self) -> Path | None:
        project = self._session.project
        return None if project is None else project.path

    def _new_run(self, folder: str) -> Path:
        """A folder for the run; that of a plan which was never started is taken again."""
        project = self._session.project
        if project is None:
            return Path(folder).expanduser().absolute()
        if self._run is not None and self._run.parent == project.path / "runs" and _is_empty(self._run):
            return self._run
        return Path(project.new_run())

    def _go_to(self, stage: PanelStage) -> None:
        self.stage = stage
        self.changed.emit()

    def _on_layers_compared(self, changed: str) -> None:
        """The images that were changed in the window are in files of their own."""
        assert self._session.project is not None
        words = [TRAINING_SET, str(self._session.project.path), str(self._data), *([changed] if changed else [])]
        self._trainer.send_errand(words, lambda told: self._on_files_written(told["arguments"]))

    def _on_files_written(self, arguments: list[str]) -> None:
        self._files = [*arguments, *(["--from", self._wishes.model] if self._wishes.model else [])]
        self._trainer.plan([*self._files, *self._wishes.words()])

    def _on_planned(self, plan: Mapping[str, Any]) -> None:
        fitted, words = self._wishes.fitted(plan)
        self._words = [*self._files, *words]
        self.line = plan_line(fitted)
        self.planned.emit(plan_lines(fitted))
        starts, self._starts_when_planned = self._starts_when_planned, False
        if starts:
            self.start()
        else:
            self._go_to("planned")

    def _on_validated(self, kept: bool) -> None:
        run = self._trainer.run
        if kept and run is not None:
            self._session.use_model(str(run))
            self.kept.emit(run)

    def _on_ended(self, phase: str) -> None:
        if phase == "finished" and self._trainer.run is not None:
            self._on_validated(True)
            self.finished.emit(self._trainer.run)
        self._run = None
        self.use_project(self._session.project)
        self._go_to("setup")

    def _on_failed(self, error: str) -> None:
        self._starts_when_planned = False
        if self.stage == "planning":
            self._go_to("setup")
        self.failed.emit(error)


def new_folder() -> str:
    """A run folder, named by the time."""
    return str(RUNS / time.strftime("%Y-%m-%d_%H%M%S"))


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())

"""The panel for training: what is learnt from, the form, the plan, and the training as it goes on."""

from __future__ import annotations

import shlex
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

import cellseg
from napari_cellseg.session import Session
from napari_cellseg.train.data_choice import DataChoice
from napari_cellseg.train.errand import Errand
from napari_cellseg.train.form import TrainForm
from napari_cellseg.train.layer_files import write_layers
from napari_cellseg.train.monitor import Monitor, as_table, figures_label
from napari_cellseg.train.plan import often_enough, plan_lines, steps_within
from napari_cellseg.train.preview import Preview
from napari_cellseg.train.runs import data_folder, resume_words, unfinished
from napari_cellseg.train.trainer import Trainer
from napari_cellseg.widgets import button, column, row, scrolled

RUNS = Path.home() / "cellseg-runs"
"""Where run folders are made without a project, unless another place is chosen."""


class TrainPanel(QWidget):
    """Panel for training."""

    _written = Signal(object)
    """Arguments for `cellseg train` once layers are on disk, or what was wrong."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._networks: Errand | None = None
        self._arguments: list[str] = []
        self._words: list[str] = []
        self._run: Path | None = None
        self._writer = ThreadPoolExecutor(1)
        self.trainer = Trainer()
        self.previewer = Preview(session.viewer)
        self.data = DataChoice(session)
        self.form = TrainForm()
        self.monitor = Monitor()
        self._make_rows()
        self._lay_out()
        self._connect()
        self._use_project(session.project)
        self.form.set_values(session.training)
        self._show_state()

    # what is seen -------------------------------------------------------------------------------------------------

    def _make_rows(self) -> None:
        self.unfinished = QComboBox()
        self.unfinished.setToolTip("Trainings that were interrupted; nothing of them is lost.")
        self.resume_button = button("Continue", "Go on where this training was interrupted.")
        self.folder = QLineEdit()
        self.folder.setToolTip("The run folder: model, curves, report. Must be new or empty.")
        self.browse = button("...", "Choose another folder.")
        self.plan_button = button("Plan ...", "Say how long it takes and how much memory it needs, before it starts.")
        self.plan_label = figures_label()
        self.start_button = button("Start", "Train in a process of its own; you can go on working.")
        self.copy_button = button("Copy command", "Copy the same training as a command line.")
        self.back_button = button("Back", "Change something first.")

    def _lay_out(self) -> None:
        self.resume_row = row(QLabel("Interrupted"), self.unfinished, self.resume_button)
        self.folder_row = row(QLabel("Run folder"), self.folder, self.browse)
        self.setup = column(self.resume_row, self.data, self.folder_row, self.form, self.plan_button)
        self.plan_box = column(self.plan_label, row(self.start_button, self.copy_button, self.back_button))
        page = QWidget()
        layout = QVBoxLayout(page)
        for widget in (self.setup, self.plan_box, self.monitor):
            layout.addWidget(widget)
        layout.addStretch(1)
        column(scrolled(page, sideways=True), parent=self)

    def _connect(self) -> None:
        self._session.signals.project_changed.connect(self._use_project)
        self._session.signals.model_changed.connect(self._list_starts)
        self._session.signals.training_changed.connect(self.form.set_values)
        self.data.start_changed.connect(self._begin_with)
        self.data.source.currentIndexChanged.connect(self._offer_folder)
        self.browse.clicked.connect(self._choose_folder)
        self.plan_button.clicked.connect(self.plan)
        self.start_button.clicked.connect(self.start)
        self.copy_button.clicked.connect(self._copy)
        self.back_button.clicked.connect(self._show_setup)
        self.resume_button.clicked.connect(self.resume)
        self.monitor.paused.connect(self.trainer.pause)
        self.monitor.continued.connect(self.trainer.go_on)
        self.monitor.stopped.connect(self.trainer.stop)
        self.monitor.previewed.connect(self.preview)
        self._written.connect(self._use_arguments)
        self.trainer.planned.connect(self._show_plan)
        self.trainer.changed.connect(self._show_progress)
        self.trainer.validated.connect(self._use_model)
        self.trainer.ended.connect(self._conclude)
        self.trainer.failed.connect(self._fail)
        self.previewer.failed.connect(show_warning)
        listeners = self._use_project, self._list_starts, self.form.set_values
        close = _closer(self._session, self.trainer, self.previewer, *listeners)
        self.destroyed.connect(close)
        QApplication.instance().aboutToQuit.connect(close)

    def showEvent(self, event: Any) -> None:
        """The first time it is seen, ask for the networks: their list needs torch, which this process has not."""
        super().showEvent(event)
        if self._networks is None:
            self._networks = Errand(["cellseg", "models", "--json"])
            self._networks.answered.connect(
                lambda told: self.form.offer_networks([known["name"] for known in told["models"]])
            )
            self.destroyed.connect(self._networks.give_up)
            self._networks.start()

    def _show_state(self, planned: bool = False) -> None:
        """Show the form, the plan or the training."""
        phase = self.trainer.progress.phase
        self.setup.setVisible(not planned and not self.trainer.running)
        self.plan_box.setVisible(planned and not self.trainer.running)
        self.monitor.setVisible(phase != "idle" and not planned)

    def _show_setup(self) -> None:
        self._show_state()

    # the project --------------------------------------------------------------------------------------------------

    def _use_project(self, project: Any) -> None:
        self.data.list_sources()
        self.data.list_starts()
        runs = [] if project is None else project.runs
        found = unfinished(runs)
        self.unfinished.clear()
        for run in found:
            self.unfinished.addItem(run.title, str(run.path))
        self.resume_row.setVisible(bool(found))
        self._offer_folder()
        if project is not None and not self.data.model:
            self.form.box("recipe").setCurrentText("quick")

    def _list_starts(self, _model: str) -> None:
        self.data.list_starts()

    def _begin_with(self, model: str) -> None:
        self.form.take_network(bool(model))
        usual = "fast" if self._session.project is None else "quick"
        self.form.box("recipe").setCurrentText("finetune" if model else usual)

    def _offer_folder(self) -> None:
        self.folder_row.setVisible(self._session.project is None)
        self.folder.setText(str(RUNS / time.strftime("%Y-%m-%d_%H%M%S")))

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "An empty folder for the run")
        if folder:
            self.folder.setText(folder)

    # plan and start -----------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Write what is learnt from, then ask what the training would do."""
        project = self._session.project
        try:
            self._run = self._new_run()
        except OSError as error:
            self._fail(f"the run folder cannot be made ({error.strerror}). Choose another one.")
            return
        folder = data_folder(self._run, None if project is None else project.path)
        self.plan_button.setEnabled(False)
        self.plan_button.setText("Planning ...")
        if self.data.from_project:
            assert project is not None
            words = ["napari_cellseg.project.training_set", str(project.path), str(folder)]
            self.trainer.send_errand(words, lambda told: self._use_arguments(told["arguments"]))
            return
        image, labels = self.data.image_layer(), self.data.labels_layer()
        if image is None or labels is None:
            self._fail("an image layer and a labels layer are needed. Open both, or make a project.")
            return
        pixels, cells = (layer.data[0] if layer.multiscale else layer.data for layer in (image, labels))
        annotation, rgb = bool(self.data.zero.currentData()), bool(image.rgb)
        job = self._writer.submit(write_layers, pixels, cells, folder, annotation=annotation, rgb=rgb)
        job.add_done_callback(self._tell_written)

    def start(self) -> None:
        """Start what was planned."""
        assert self._run is not None
        self.trainer.start(self._run, self._words)
        self._prepare_preview()
        self._show_state()

    def resume(self) -> None:
        """Go on with the interrupted training that is chosen."""
        run, project = Path(self.unfinished.currentData()), self._session.project
        self.trainer.resume(run, resume_words(run, None if project is None else project.path))
        self._prepare_preview()
        self._show_state()

    def _new_run(self) -> Path:
        """A folder for the run; that of a plan which was never started is taken again."""
        if self._session.project is None:
            return Path(self.folder.text()).expanduser().absolute()
        mine = self._run is not None and self._run.parent == self._session.project.path / "runs"
        if mine and self._run is not None and self._run.is_dir() and not any(self._run.iterdir()):
            return self._run
        return self._session.project.new_run()

    def _tell_written(self, job: Future[Any]) -> None:
        """Called in the writer's thread."""
        error = job.exception()
        self._written.emit(job.result().arguments if error is None else error)

    def _use_arguments(self, found: Any) -> None:
        if isinstance(found, BaseException):
            told = str(found) if isinstance(found, cellseg.InputError) else f"the layers cannot be written ({found})"
            self._fail(told)
            return
        start = ["--from", self.data.model] if self.data.model else []
        self._arguments = [*found, *start]
        self._words = [*self._arguments, *self.form.words()]
        self.trainer.plan(self._words)

    def _show_plan(self, plan: dict[str, Any]) -> None:
        minutes = self.form.by_minutes
        if minutes is not None:
            steps = steps_within(plan, minutes)
            every = often_enough(steps, self.form.values()["validate_every"])
            self._words = [*self._arguments, *self.form.words(steps=steps, validate_every=every)]
            plan = {**plan, "steps": steps, "seconds": plan["seconds"] * steps / plan["steps"]}
        self._reset_plan_button()
        self.plan_label.setText(as_table(plan_lines(plan)))
        self._show_state(planned=True)

    def _copy(self) -> None:
        words = ["cellseg", "train", "--out", str(self._run), *self._words]
        QApplication.clipboard().setText(shlex.join(words))
        show_info("The command line is in the clipboard.")

    # while it runs ------------------------------------------------------------------------------------------------

    def preview(self) -> None:
        """Predict the visible field with the model kept so far."""
        layer = self.data.image_layer()
        if layer is None:
            show_warning("Open the image layer that the preview is to be made of.")
        elif self.trainer.run is not None:
            self.previewer.show(self.trainer.run, layer)

    def _prepare_preview(self) -> None:
        layer = self.data.image_layer()
        if layer is not None and self.monitor.live.isChecked():
            self.previewer.prepare(layer)

    def _show_progress(self) -> None:
        self.monitor.show_progress(self.trainer.progress)

    def _use_model(self, kept: bool) -> None:
        if not kept or self.trainer.run is None:
            return
        self._session.use_model(str(self.trainer.run))
        if self.monitor.live.isChecked() and self.data.image_layer() is not None:
            self.preview()

    def _conclude(self, phase: str) -> None:
        if phase == "finished":
            self._use_model(True)
            show_info(f"The training is finished: {self.trainer.run}")
        self._run = None
        self._use_project(self._session.project)
        self._show_state()

    def _fail(self, error: str) -> None:
        self._reset_plan_button()
        show_error(error)

    def _reset_plan_button(self) -> None:
        self.plan_button.setEnabled(True)
        self.plan_button.setText("Plan ...")


def _closer(session: Session, trainer: Trainer, previewer: Preview, *listeners: Any) -> Any:
    """What ends the children once, when the panel is gone or the program ends, whatever comes first."""
    signals = session.signals.project_changed, session.signals.model_changed, session.signals.training_changed
    is_closed = False

    def close(*_: object) -> None:
        nonlocal is_closed
        if is_closed:
            return
        is_closed = True
        for signal, listener in zip(signals, listeners, strict=True):
            signal.disconnect(listener, missing_ok=True)
        trainer.close()
        previewer.close()

    return close

"""The panel for training: what is learnt from, the form, the plan, and the training as it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_cellseg.session import Session
from napari_cellseg.train.controller import TrainController
from napari_cellseg.train.live import LiveLoop, LiveOptions
from napari_cellseg.train.monitor import Monitor, as_table, figures_label
from napari_cellseg.train.preview import Preview
from napari_cellseg.train.setup_view import SetupView
from napari_cellseg.train.trainer import Trainer
from napari_cellseg.train.wishes import Wishes
from napari_cellseg.train.writing import LayerWriter
from napari_cellseg.widgets import button, column, row, scrolled, text_line


class TrainPanel(QWidget):
    """Shows what the controller decides, and tells it what was pressed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.trainer, self.wishes = Trainer(), Wishes()
        self.previewer = Preview(session.viewer)
        self.controller = TrainController(session, self.trainer, LayerWriter(self), self.wishes)
        self.setup = SetupView(session, self.wishes)
        self.data, self.form, self.plan_button = self.setup.data, self.setup.form, self.setup.plan
        self.monitor = Monitor()
        begin_with, free = (lambda: self.data.model), (lambda: not self.trainer.running)
        self.live = LiveLoop(session, LiveOptions(start=begin_with, free=free))
        self._make_plan_box()
        self._lay_out()
        self._connect_widgets()
        self._connect_session()
        self._on_project_changed(session.project)
        self.form.set_values(session.training)
        self._on_stage_changed()

    # what is seen -------------------------------------------------------------------------------------------------

    def _make_plan_box(self) -> None:
        self.plan_label = figures_label()
        self.start_button = button("Start", "Train in a process of its own; you can go on working.", self.start)
        copy = button("Copy command", "Copy the same training as a command line.", self._copy)
        back = button("Back", "Change something first.", self.controller.back)
        self.plan_box = column(self.plan_label, row(self.start_button, copy, back))

    def _lay_out(self) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.line = text_line()
        self.line.setToolTip("What the plan said.")
        for widget in (self.setup, self.line, self.plan_box, self.monitor):
            layout.addWidget(widget)
        layout.addStretch(1)
        column(scrolled(page, sideways=True), parent=self)

    def _connect_widgets(self) -> None:
        self.data.start_changed.connect(self._on_start_changed)
        self.data.source.currentIndexChanged.connect(self._offer_folder)
        self.setup.train.clicked.connect(lambda: self.train())
        self.plan_button.clicked.connect(lambda: self.plan())
        self.setup.resume.clicked.connect(lambda: self.resume())
        self.monitor.paused.connect(self.trainer.pause)
        self.monitor.continued.connect(self.trainer.go_on)
        self.monitor.stopped.connect(self.trainer.stop)
        self.monitor.previewed.connect(self.preview)
        self.trainer.changed.connect(self._on_progress_changed)
        self.previewer.failed.connect(show_warning)
        self.setup.live.toggled.connect(self.live.turn)
        self.live.said.connect(self.setup.live_line.setText)

    def _connect_session(self) -> None:
        decided = self.controller
        decided.changed.connect(self._on_stage_changed)
        decided.planned.connect(self._on_planned)
        decided.listed.connect(self.setup.list_unfinished)
        decided.kept.connect(self._on_model_kept)
        decided.finished.connect(_on_finished)
        decided.failed.connect(_on_failed)
        signals = self._session.signals
        heard: dict[Any, Callable[..., Any]] = {
            signals.project_changed: self._on_project_changed,
            signals.model_changed: self._on_model_changed,
            signals.training_changed: self.form.set_values,
        }
        for signal, listener in heard.items():
            signal.connect(listener)
        close = _closer(heard, self.trainer, self.previewer, self.live)
        self.destroyed.connect(close)
        QApplication.instance().aboutToQuit.connect(close)

    def _offer_folder(self) -> None:
        self.setup.live.setEnabled(self.data.from_project)
        self.setup.offer_folder(asked=self._session.project is None)

    # what was pressed ---------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Ask what the training would do."""
        self.controller.plan(self.data.choice(), self.setup.folder.text())

    def train(self) -> None:
        """Plan the training and start it."""
        self.controller.train(self.data.choice(), self.setup.folder.text())

    def start(self) -> None:
        """Start what was planned."""
        self.controller.start()

    def resume(self) -> None:
        """Go on with the interrupted training that is chosen."""
        self.controller.resume(self.setup.run)

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

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.controller.command)
        show_info("The command line is in the clipboard.")

    # what has happened --------------------------------------------------------------------------------------------

    def _on_stage_changed(self) -> None:
        """Show the form, the plan or the training."""
        stage = self.controller.stage
        self.setup.setVisible(stage in ("setup", "planning"))
        self.setup.show_planning(stage == "planning")
        self.plan_box.setVisible(stage == "planned")
        self.line.setText(self.controller.line)
        self.line.setVisible(bool(self.controller.line) and stage in ("setup", "running"))
        if stage == "running":
            self._prepare_preview()
        self.monitor.setVisible(stage != "planned" and self.trainer.progress.phase != "idle")

    def _on_planned(self, lines: list[tuple[str, str]]) -> None:
        self.plan_label.setText(as_table(lines))

    def _on_progress_changed(self) -> None:
        self.monitor.show_progress(self.trainer.progress)

    def _on_model_kept(self, _run: Path) -> None:
        if self.monitor.live.isChecked() and self.data.image_layer() is not None:
            self.preview()

    def _on_project_changed(self, project: Any) -> None:
        self.data.list_sources()
        self.data.list_starts()
        self.controller.use_project(project)
        self._offer_folder()

    def _on_model_changed(self, _model: str) -> None:
        self.data.list_starts()

    def _on_start_changed(self, model: str) -> None:
        self.controller.begin_with(model)
        self.form.take_network(bool(model))


def _on_finished(run: Path) -> None:
    show_info(f"The training is finished: {run}")


def _on_failed(error: str) -> None:
    show_error(error)


def _closer(heard: Mapping[Any, Any], *children: Trainer | Preview | LiveLoop) -> Any:
    """Function that ends the children once, when the panel is gone or the program ends, whatever comes first."""
    is_closed = False

    def close(*_: object) -> None:
        nonlocal is_closed
        if is_closed:
            return
        is_closed = True
        for signal, listener in heard.items():
            signal.disconnect(listener, missing_ok=True)
        for child in children:
            child.close()

    return close

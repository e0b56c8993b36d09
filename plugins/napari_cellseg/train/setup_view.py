"""View before a training is planned: an interrupted one, the data, the run folder, the form."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QCheckBox, QFileDialog, QLabel, QLineEdit, QWidget

from napari_cellseg.session import Session
from napari_cellseg.train.controller import new_folder
from napari_cellseg.train.data_choice import DataChoice
from napari_cellseg.train.form import TrainForm
from napari_cellseg.train.runs import Run
from napari_cellseg.train.wishes import Wishes
from napari_cellseg.widgets import button, column, combo, row, text_line

TRAIN, _PLAN, PLANNING = "Train", "Plan ...", "Planning ..."


class SetupView(QWidget):
    """Shows what a training would be made of."""

    def __init__(self, session: Session, wishes: Wishes) -> None:
        super().__init__()
        self.unfinished = combo("Trainings that were interrupted; nothing of them is lost.")
        self.resume = button("Continue", "Go on where this training was interrupted.")
        self.resume_row = column(row(QLabel("Interrupted"), self.resume), self.unfinished)
        self.folder = QLineEdit()
        self.folder.setToolTip("The run folder: model, curves, report. Must be new or empty.")
        browse = button("...", "Choose another folder.", self._ask_folder)
        self.folder_row = row(QLabel("Run folder"), self.folder, browse)
        self.data = DataChoice(session)
        self.form = TrainForm(wishes)
        self.train = button(TRAIN, "Train in a process of its own; you can go on working.")
        self.plan = button(_PLAN, "Say how long it takes and how much memory it needs, before it starts.")
        self.live = QCheckBox("Learn as I annotate")
        tip = "After each stroke the network learns for some seconds, and shows the cells of what is seen."
        self.live.setToolTip(f"{tip} On the tab Annotate, T takes them.")
        self.live_line = text_line()
        begin = row(self.train, self.plan)
        begin.layout().setStretch(0, 1)
        column(self.resume_row, self.data, self.folder_row, self.form, begin, self.live, self.live_line, parent=self)

    @property
    def run(self) -> Path:
        """The interrupted run that is chosen."""
        return Path(self.unfinished.currentData())

    def list_unfinished(self, runs: list[Run]) -> None:
        """Offer interrupted runs."""
        self.unfinished.clear()
        for run in runs:
            self.unfinished.addItem(run.title, str(run.path))
        self.resume_row.setVisible(bool(runs))

    def offer_folder(self, asked: bool) -> None:
        """Another new run folder; whether it is asked for: a project has its own."""
        self.folder_row.setVisible(asked)
        self.folder.setText(new_folder())

    def show_planning(self, planning: bool) -> None:
        """Shows that a plan is being made, or that none is."""
        for pressed in (self.train, self.plan):
            pressed.setEnabled(not planning)
        self.train.setText(PLANNING if planning else TRAIN)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "An empty folder for the run")
        if folder:
            self.folder.setText(folder)

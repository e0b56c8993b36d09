"""Form of the panel: a box a step, from the image to the corrected annotation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QCheckBox, QFileDialog, QGroupBox, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from cellseg.options import AVERAGING_COST, PredictOptions, described
from napari_cellseg.forms.answers import Answers
from napari_cellseg.forms.option_form import OptionForm
from napari_cellseg.segment.choice import ImageChoice, ModelChoice
from napari_cellseg.segment.controls import CutControls
from napari_cellseg.segment.cut import Cut
from napari_cellseg.segment.inputs import Choices
from napari_cellseg.segment.take import AREAS
from napari_cellseg.session import Session
from napari_cellseg.widgets import button, combo, fold, form, row, text_line

AVERAGES = {
    "none": "none",
    "rotations7": f"7 rotations (about {AVERAGING_COST['rotations7']} times as long)",
    "dihedral8": f"8 turned and mirrored (about {AVERAGING_COST['dihedral8']} times as long)",
}
_FORMATS = {
    "TIFF with OME metadata (*.ome.tif)": ".ome.tif",
    "TIFF (*.tif)": ".tif",
    "OME-Zarr folder (*.ome.zarr)": ".ome.zarr",
}
_SEGMENT = "Segment"
_TILE = 512
"""Side of a tile in the window: the first ones are soon there."""
_RESULTS = {"instances": "cells", "probabilities": "probabilities"}


class StartBox(QGroupBox):
    """The images, the model, and how far the network is."""

    def __init__(self, session: Session) -> None:
        super().__init__("Image and model")
        self.images, self.model = ImageChoice(session), ModelChoice(session)
        add = button("Add files…", "TIFF files that need not fit into memory.", self.images.ask_files)
        every = button("All", "Tick all images, or none.", self.images.tick_all)
        self._network = Answers({"average": PredictOptions().average, "tile": _TILE})
        average = OptionForm(self._network, [described(PredictOptions)["average"]], words={"average": AVERAGES})
        tip = "Predicts the ticked image; what is seen comes first. Several go into a folder, with a table and a page."
        self.start = button(_SEGMENT, tip)
        self.images.changed.connect(self._on_images_changed)
        self.stop = button("Cancel", "Stop after the present tile. What is done is kept.")
        self.report = button("Look through", "Open the page about all images of the last run, in a browser.")
        self.report.setVisible(False)
        self.progress = QProgressBar()
        self.progress.setToolTip("Tiles that are predicted.")
        self.state = text_line()
        rows = form(self, flush=False)
        rows.addRow(self.images)
        rows.addRow(row(add, every))
        rows.addRow("Model", self.model)
        rows.addRow(average)
        rows.addRow(fold("More", "Axes and channel of the image, and the size of a tile.", self._more()))
        rows.addRow(row(self.start, self.stop))
        rows.addRow(self.progress)
        rows.addRow(self.state)
        rows.addRow(self.report)

    def _on_images_changed(self) -> None:
        count = self.images.ticked
        self.start.setText(f"Segment {count} images into a folder…" if count > 1 else _SEGMENT)

    def choices(self) -> Choices:
        """Choices beside the images."""
        network = PredictOptions(**self._network.values)
        axes, channel = self.axes.text().strip().upper(), self.channel.text().strip()
        return Choices(model=self.model.model, network=network, axes=axes, channel=channel)

    def set_network(self, **options: Any) -> None:
        """Set options of the network by hand: average, tile."""
        self._network.give(options)

    def show_progress(self, done: int, total: int) -> None:
        """Show how many tiles are done."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)

    def _more(self) -> QWidget:
        self.axes = QLineEdit()
        self.axes.setPlaceholderText("as the file says")
        self.axes.setToolTip("What the image's axes mean, such as ZYX or CYX, where that is not known or wrong.")
        self.channel = QLineEdit()
        self.channel.setPlaceholderText("all")
        self.channel.setToolTip("Name or number (from 0) of the channel that the model sees.")
        more = QWidget()
        rows = form(more, flush=False)
        rows.addRow("Axes", self.axes)
        rows.addRow("Channel", self.channel)
        rows.addRow(OptionForm(self._network, [described(PredictOptions)["tile"]]))
        return more


class CellsBox(QGroupBox):
    """Options of the cut of probabilities into cells."""

    def __init__(self, cut: Cut) -> None:
        super().__init__("Cells")
        self.setToolTip("The network does not run again when these are moved.")
        self.cut = CutControls(cut)
        self.apply = button(
            "Apply to the whole image",
            "Number the cells of all planes with these settings. Small images follow by themselves.",
        )
        self.count = text_line()
        layout = QVBoxLayout(self)
        for widget in (self.cut, self.count, self.apply):
            layout.addWidget(widget)


class ResultBox(QGroupBox):
    """Uses of the result."""

    def __init__(self) -> None:
        super().__init__("Result")
        self.uncertainty = QCheckBox("Show where the network is unsure")
        self.uncertainty.setToolTip("Entropy of the probabilities, as a layer.")
        self.what = combo("What is saved.", _RESULTS)
        self.save = button("Save…", "As TIFF, OME-TIFF or OME-Zarr, with the pixel size.")
        self.command = QLineEdit()
        self.command.setReadOnly(True)
        self.command.setToolTip("The command that gives the same result without a window; none for corrected cells.")
        self.copy = button("Copy", "Copy the command.", self._copy)
        rows = form(self, flush=False)
        rows.addRow(self.uncertainty)
        rows.addRow("Save", row(self.what, self.save))
        rows.addRow("Command", row(self.command, self.copy))

    def show_command(self, line: str) -> None:
        """Show a command from its beginning."""
        self.command.setText(line)
        self.command.setCursorPosition(0)

    def ask_path(self, image: str) -> Path | None:
        """Let the user choose where a result of an image is saved."""
        name = f"{image}-{self.what.currentText()}"
        chosen, kind = QFileDialog.getSaveFileName(self, "Save", name, ";;".join(_FORMATS))
        if not chosen:
            return None
        return Path(chosen) if "." in Path(chosen).name else Path(chosen + _FORMATS.get(kind, ".ome.tif"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.text())


class CorrectBox(QGroupBox):
    """Corrected cells become annotation."""

    def __init__(self) -> None:
        super().__init__("Correct and train again")
        self.area = combo("Which part of the selected cells layer becomes annotation.", AREAS)
        self.over = QCheckBox("Also over what is annotated already")
        self.over.setToolTip("Else annotation that is there stays as it is.")
        self.use = button(
            "Use as annotation",
            "Put the cells, as you corrected them, into the project: cell k "
            "becomes k + 1, the rest background. The earlier annotation is kept.",
        )
        self.again = button("Train again", "Go to training, with the corrected cells.", self._train_again)
        rows = form(self, flush=False)
        rows.addRow("Take", self.area)
        rows.addRow(self.over)
        rows.addRow(row(self.use, self.again))

    def _train_again(self) -> None:
        parent = self.parentWidget()
        while parent is not None and not hasattr(parent, "show_panel"):
            parent = parent.parentWidget()
        if parent is not None:
            parent.show_panel("Train")

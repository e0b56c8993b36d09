"""Choice of the data of a training, and of the model that it begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.layers import Image, Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QWidget

import cellseg
from napari_cellseg.annotation import is_annotation
from napari_cellseg.session import Session
from napari_cellseg.train.runs import starts, with_model
from napari_cellseg.train.writing import Source
from napari_cellseg.widgets import combo, form

PROJECT, _LAYERS = "project", "layers"
OTHER = "other"


class DataChoice(QWidget):
    """The project's annotation or two layers; a new network or a model."""

    start_changed = Signal(str)
    """The run folder or model file to go on from; empty for a new network."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.source = combo("Learn from all that is annotated in the project, or from an image and a labels layer.")
        self.image = combo("The image layer to learn from.")
        self.labels = combo("Its cells: a labels layer of the same shape.")
        meanings = {False: "background", True: "not annotated (1 = background)"}
        self.zero = combo("What the value 0 means in the labels.", meanings)
        self.start = combo("A new network learns all from the data; a model goes on with what it knows.")
        self._form = form(self)
        rows = ("Learn from", self.source), ("Image", self.image), ("Labels", self.labels), ("0 means", self.zero)
        for name, box in (*rows, ("Begin with", self.start)):
            self._form.addRow(name, box)
        self.source.currentIndexChanged.connect(self._fold)
        self.labels.currentIndexChanged.connect(self._guess_zero)
        self.start.activated.connect(self._choose_start)
        layers, listener = session.viewer.layers.events, self._list_layers
        for event in (layers.inserted, layers.removed, layers.reordered):
            event.connect(listener)
            self.destroyed.connect(lambda _, event=event: event.disconnect(listener))
        self._list_layers()
        self.list_sources()
        self.list_starts()

    def list_sources(self) -> None:
        """Offer the project where there is one."""
        self.source.clear()
        if self._session.project is not None:
            self.source.addItem(f"annotation of {self._session.project.path.name}", PROJECT)
        self.source.addItem("chosen layers", _LAYERS)
        self._fold()

    def list_starts(self) -> None:
        """Offer a new network, the model in use, the runs of the project and the models that come with cellseg."""
        chosen = self.model
        self.start.clear()
        project = self._session.project
        runs = [] if project is None else with_model(project.runs)
        for words, model in starts(self._session.model, runs, cellseg.shipped_files()):
            self.start.addItem(words, model)
        self.start.addItem("another run ...", OTHER)
        self.start.setCurrentIndex(max(self.start.findData(chosen), 0))

    @property
    def from_project(self) -> bool:
        """True if the project's annotation is learnt from."""
        return bool(self.source.currentData() == PROJECT)

    def choice(self) -> Source:
        """Chosen data."""
        annotation = bool(self.zero.currentData())
        return Source(self.from_project, self.image_layer(), self.labels_layer(), annotation)

    @property
    def model(self) -> str:
        """Model to go on from; empty for a new network."""
        return str(self.start.currentData() or "")

    def image_layer(self) -> Image | None:
        """The image layer that is learnt from, or the one to look at."""
        return self._layer(self.image) if not self.from_project else self._session.image()

    def labels_layer(self) -> Labels | None:
        """The labels layer that is learnt from."""
        return self._layer(self.labels)

    def _layer(self, box: QComboBox) -> Any:
        found = [layer for layer in self._session.viewer.layers if layer.name == box.currentText()]
        return found[0] if found else None

    def _list_layers(self, _event: object = None) -> None:
        for box, kind in ((self.image, Image), (self.labels, Labels)):
            chosen = box.currentText()
            box.clear()
            box.addItems([layer.name for layer in self._session.viewer.layers if isinstance(layer, kind)])
            box.setCurrentIndex(max(box.findText(chosen), 0) if box.count() else -1)
        self._guess_zero()

    def _guess_zero(self) -> None:
        layer = self.labels_layer()
        if layer is not None:
            self.zero.setCurrentIndex(int(is_annotation(layer)))

    def _fold(self) -> None:
        for box in (self.image, self.labels, self.zero):
            self._form.setRowVisible(box, not self.from_project)

    def _choose_start(self) -> None:
        if self.model == OTHER:
            folder = QFileDialog.getExistingDirectory(self, "A run folder with a model")
            self.start.setCurrentIndex(0)
            if folder:
                self.start.insertItem(1, Path(folder).name, folder)
                self.start.setCurrentIndex(1)
        self.start_changed.emit(self.model)

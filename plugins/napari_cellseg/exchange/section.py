"""The section of the Annotate panel that imports and exports annotation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.notifications import show_info, show_warning
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFileDialog, QGridLayout, QLabel, QPushButton, QWidget

from cellseg import InputError
from napari_cellseg.annotation import Rest, is_annotation, notes_on
from napari_cellseg.camera import plane_index
from napari_cellseg.children.latest import Latest
from napari_cellseg.exchange.formats import FORMATS, Format
from napari_cellseg.exchange.put import put
from napari_cellseg.exchange.target import Incoming, Target
from napari_cellseg.session import Session

if TYPE_CHECKING:
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project

RESTS: dict[str, Rest] = {"background": "background", "not annotated": "unknown", "left as it is": "kept"}
"""What becomes of pixels that are no cell in a file."""

_NO_PLANES = str.maketrans("", "", "YXC")
"""Axes that count no planes."""


class ExchangeSection(QWidget):
    """Annotation from and to TIFF labels, Fiji ROI sets and Cell Tracking Challenge folders."""

    ended = Signal(str)
    """What was done, or what was wrong."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._latest = Latest(self)
        self._then: Callable[[Any], None] = lambda _: None
        self._format, self._rest = QComboBox(), QComboBox()
        for name, known in FORMATS.items():
            self._format.addItem(name)
            self._format.setItemData(self._format.count() - 1, known.help, 3)  # Qt.ToolTipRole
        self._format.setToolTip("Kind of file or folder.")
        self._rest.addItems(list(RESTS))
        self._rest.setToolTip(
            "What is no cell in the file (0 in TIFF labels, outside of all ROIs) becomes this. Choose background only "
            "where somebody looked at all of it."
        )
        self._mark = QCheckBox("Mark what is not annotated")
        self._mark.setChecked(True)
        self._mark.setToolTip(
            "In TIFF labels, not annotated pixels get the largest value of the file's type, which `cellseg train` "
            "leaves out with --ignore-label. Without it they become 0, like background."
        )
        self._import, self._export = QPushButton("Import ..."), QPushButton("Export ...")
        self._import.setToolTip("Read annotation into the selected labels layer. Undo takes it back.")
        self._export.setToolTip("Write the cells of the selected labels layer, all planes.")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._format, 0, 0, 1, 2)
        layout.addWidget(QLabel("No cell in the file is"), 1, 0)
        layout.addWidget(self._rest, 1, 1)
        layout.addWidget(self._mark, 2, 0, 1, 2)
        layout.addWidget(self._import, 3, 0)
        layout.addWidget(self._export, 3, 1)
        self._format.currentTextChanged.connect(lambda name: self._mark.setVisible(FORMATS[name].marks))
        self._import.clicked.connect(self._choose_import)
        self._export.clicked.connect(self._choose_export)
        self._latest.made.connect(lambda result: self._then(result))
        self._latest.failed.connect(self._fail)

    def read(self, path: Path, name: str | None = None, rest: Rest | None = None) -> None:
        """Import a file or folder into the selected labels layer; `ended` says when.

        Args:
            path: what is read.
            name: of the format; the one that is chosen by default.
            rest: what pixels become that are no cell.
        """
        if (found := self._target()) is None:
            return None
        layer, target = found
        incoming = self._known(name).read(path, target, rest or RESTS[self._rest.currentText()])
        try:
            self._keep(layer, path)
        except InputError as error:
            return self._fail(str(error))
        self._set_enabled(False)
        return self._take_next(incoming, layer, target, 0, True)

    def _keep(self, layer: Labels, path: Path) -> None:
        """The annotation of a project is kept as it is now."""
        project: Any = self._session.project
        if project is not None and is_annotation(layer):
            project.keep(project.image(layer.metadata["cellseg"]["image"]), f"before importing {path.name}")

    def write(self, path: Path, name: str | None = None) -> None:
        """Export the selected labels layer; `ended` says when."""
        if (found := self._target()) is None:
            return
        target, mark, write = found[1], self._mark.isChecked(), self._known(name).write
        self._set_enabled(False)
        self._then = partial(self._on_exported, found[0])
        self._latest.ask(lambda: write(path, target, mark))

    def _take_next(self, incoming: Incoming, layer: Labels, target: Target, done: int, undone: bool) -> None:
        """One plane after the other: each is read beside the window and set in it."""

        def take(made: Any) -> None:
            if made is None:
                self._session.signals.annotation_changed.emit(layer)
                note = "" if undone else "; it was too much to be undone"
                return self._end(f"imported {done} plane{'s' * (done != 1)} into {layer.name}{note}")
            plane, values = made
            kept = put(layer, target.index(plane), values)
            return self._take_next(incoming, layer, target, done + 1, undone and kept)

        self._then = take
        self._latest.ask(lambda: next(incoming, None))

    def _target(self) -> tuple[Labels, Target] | None:
        layer = self._session.labels()
        if layer is None or layer.multiscale:
            self._fail("There is no labels layer to import into or export from. Make or select one.")
            return None
        return layer, target_of(self._session, layer)

    def _known(self, name: str | None) -> Format:
        return FORMATS[name or self._format.currentText()]

    def _choose_import(self) -> None:
        known = self._known(None)
        if known.files:
            chosen, _ = QFileDialog.getOpenFileName(self, "Import annotation", "", known.files)
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Import: a sequence's folder, such as 01_GT")
        if chosen:
            self.read(Path(chosen))

    def _choose_export(self) -> None:
        known = self._known(None)
        if known.files:
            chosen, _ = QFileDialog.getSaveFileName(self, "Export annotation", f"labels{known.suffix}", known.files)
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Export: the data set's folder, which gets 01_GT")
        if chosen:
            path = Path(chosen)
            self.write(path if path.suffix or not known.suffix else path.with_suffix(known.suffix))

    def _on_exported(self, layer: Labels, said: str) -> None:
        self._session.mark_saved(layer)
        self._end(said)

    def _end(self, said: str) -> None:
        self._set_enabled(True)
        show_info(said)
        self.ended.emit(said)

    def _fail(self, reason: str) -> None:
        self._set_enabled(True)
        show_warning(reason)
        self.ended.emit(reason)

    def _set_enabled(self, on: bool) -> None:
        for button in (self._import, self._export):
            button.setEnabled(on)


def target_of(session: Session, layer: Labels) -> Target:
    """A labels layer as import and export see it."""
    shape = tuple(int(side) for side in layer.data.shape[:-2])
    index = plane_index(session.viewer, layer)
    plane = int(np.ravel_multi_index(index, shape)) if shape else 0
    image, axes = _image_of(session, layer)
    return Target(layer.name, layer.data, is_annotation(layer), axes, plane, image)


def _image_of(session: Session, layer: Labels) -> tuple[Path | None, str]:
    """File and plane axes of the image that a layer annotates, where they are known."""
    known = _project_image(session.project, layer)
    if known is not None:
        return known.path, known.axes.upper().translate(_NO_PLANES)
    image = session.image()
    path = Path(image.source.path) if image is not None and image.source.path else None
    return path, str(notes_on(layer).get("axes", ""))


def _project_image(project: Project | None, layer: Labels) -> ProjectImage | None:
    """The image of a project that has the name of the one that a layer annotates."""
    name = notes_on(layer).get("image")
    images = () if project is None else project.images
    return next((image for image in images if image.name == name), None)

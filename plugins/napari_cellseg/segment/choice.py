"""Choice of images to segment and of a model."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

from napari.layers import Image, Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QMenu, QToolButton, QWidget

import cellseg
from napari_cellseg.annotation import notes_on, what_of
from napari_cellseg.image_reader import FILES
from napari_cellseg.listed import ListedImage, listed
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.pixels.channels import channels_of
from napari_cellseg.pixels.layer_files import axes_of_layer, named_file, pixel_sizes_um, whole_of
from napari_cellseg.project.recovery import recovery_place
from napari_cellseg.segment.inputs import Input
from napari_cellseg.session import Session, open_layer
from napari_cellseg.widgets import column, combo, row, slim_button

HEIGHT_PX = 84
CUTS = 4
ON, _OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked
_FILE, _AXES = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class ImageChoice(QListWidget):
    """Image layers, and files that may be larger than memory, with a tick each."""

    changed = Signal()
    """Other images are listed, or ticked."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setFixedHeight(HEIGHT_PX)
        self.setToolTip(
            "The images that are segmented: layers of the viewer, and files that may be larger than memory."
        )
        layers = session.viewer.layers
        for event in (layers.events.inserted, layers.events.removed, layers.events.reordered):
            event.connect(self._list_layers)
        layers.selection.events.active.connect(self._list_layers)
        session.signals.seen_changed.connect(self._on_seen)
        for signal in (session.signals.project_changed, session.signals.files_changed):
            signal.connect(self._list_layers)
        self.itemChanged.connect(lambda _: self.changed.emit())
        self._unasked = ""
        """Name of the image that was ticked because it was seen."""
        self._list_layers()

    def ask_files(self) -> None:
        """Let the user choose files."""
        paths, _ = QFileDialog.getOpenFileNames(self, "Images", "", FILES)
        self.choose_files([Path(path) for path in paths])

    def choose_files(self, paths: list[Path]) -> None:
        """Segment these files, and not what was ticked before."""
        for item in self._items():
            item.setCheckState(_OFF)
        for path in paths:
            self._add(path.name, str(path), True)

    def tick_only_what_is_seen(self) -> None:
        """Choose the image that is seen, and no other."""
        for item in self._items():
            item.setCheckState(_OFF)
        self._tick_what_is_seen()

    def inputs(self, folders: Folders) -> list[Input]:
        """Ticked images."""
        return [self._input(item, folders) for item in self._items() if item.checkState() == ON]

    def tick_all(self) -> None:
        """Tick all images, or none where all are ticked."""
        state = _OFF if len(self._ticked()) == self.count() else ON
        for item in self._items():
            item.setCheckState(state)

    @property
    def ticked(self) -> int:
        """Number of images that are ticked."""
        return len(self._ticked())

    def _list_layers(self, event: Any = None) -> None:
        """All images of the list; the one in work is ticked if none was."""
        ticked, files, shown = self._ticked(), self._files(), self._shown()
        entries = {entry.name: entry for entry in self._listed() if entry.path and entry.name not in shown}
        was = self.blockSignals(True)
        self.clear()
        for name in shown:
            self._add(name, None, name in ticked)
        for entry in entries.values():
            self._add(entry.name, str(entry.path), entry.name in ticked, entry.axes)
        for path in files:
            if Path(path).name not in {*shown, *entries}:
                self._add(Path(path).name, path, Path(path).name in ticked)
        self.blockSignals(was)
        self._tick_what_is_seen()
        self.changed.emit()

    def _listed(self) -> list[ListedImage]:
        """Images of the list that stand beside the layers."""
        session = self._session
        return [entry for entry in listed(session.project, session.files, ()) if not self._is_open(entry)]

    def _is_open(self, entry: ListedImage) -> bool:
        return any(open_layer(layer).image == entry.key for layer in self._session.viewer.layers)

    def _on_seen(self) -> None:
        """Another image is seen: the tick goes along, if nobody set it."""
        if self._ticked() == {self._unasked}:
            self._tick(self._unasked, _OFF)
            self._tick_what_is_seen()

    def _tick_what_is_seen(self) -> None:
        image = self._session.image()
        if image is not None and not self._ticked():
            self._unasked = self._name_of(image)
            self._tick(self._unasked)

    def _ticked(self) -> set[str]:
        return {item.text() for item in self._items() if item.checkState() == ON}

    def _files(self) -> list[str]:
        return [item.data(_FILE) for item in self._items() if item.data(_FILE)]

    def _tick(self, name: str, state: Qt.CheckState = ON) -> None:
        for item in self._items():
            if item.text() == name:
                item.setCheckState(state)

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]

    def _add(self, text: str, path: str | None, ticked: bool, axes: str = "") -> None:
        item = QListWidgetItem(text)
        item.setData(_AXES, axes)
        item.setData(_FILE, path)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(ON if ticked else _OFF)
        item.setToolTip(path or "a layer of the viewer")
        self.addItem(item)

    def _input(self, item: QListWidgetItem, folders: Folders) -> Input:
        path = item.data(_FILE)
        if path:
            return Input(name=item.text(), folder=folders.of(item.text(), path), path=path, axes=item.data(_AXES) or "")
        channels = self._shown()[item.text()]
        layer = channels[0]
        size, spacing = pixel_sizes_um(layer)
        path, axes = self._file_of(layer)
        return Input(
            name=item.text(),
            layer=layer.name,
            channels=tuple(map(whole_of, channels)) if len(channels) > 1 else (),
            folder=folders.of(notes_on(layer).get("image", layer.name), path),
            path=path,
            data=whole_of(layer),
            rgb=bool(layer.rgb),
            axes=axes,
            layer_axes=axes_of_layer(layer),
            pixel_size_um=size,
            spacing_um=spacing,
        )

    def _shown(self) -> dict[str, list[Any]]:
        """Layers of each image that may be segmented, by its name: one, or one a channel."""
        layers = list(filter(_may_be_segmented, map(unwrapped, self._session.viewer.layers)))
        return {self._name_of(layer): channels_of(layers, layer) for layer in layers}

    def _name_of(self, layer: Any) -> str:
        """Name of the image that a layer shows, alone or with the other channels."""
        several = len(channels_of(map(unwrapped, self._session.viewer.layers), layer)) > 1
        return str(notes_on(layer)["image"]) if several else str(layer.name)

    def file_of(self, layer: Image) -> str | None:
        """The file that a layer is said to show."""
        return self._file_of(layer)[0]

    def _file_of(self, layer: Image) -> tuple[str | None, str]:
        """The file that a layer is said to show, and what is known of its axes."""
        project, name = self._session.project, notes_on(layer).get("image")
        if project is None or name is None:
            return named_file(layer), ""
        image = project.image(name)
        return str(image.path), image.read_axes


def _may_be_segmented(layer: Layer) -> bool:
    return isinstance(layer, Image) and what_of(layer) in ("", "image")


class ModelChoice(QWidget):
    """The runs of the project, the models that come with cellseg, or any other model."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.box = combo("A run folder, as training makes it, a model file, or the name of a model of cellseg's.")
        self.box.setEditable(True)
        self.box.lineEdit().setPlaceholderText("nuclei, a run folder or a model file")
        browse = QToolButton()
        browse.setText("…")
        browse.setToolTip("Choose a run folder or a model file.")
        browse.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(browse)
        menu.addAction("Run folder…", self._ask_run)
        menu.addAction("Model file…", self._ask_file)
        browse.setMenu(menu)
        self.offers = row(*(self._offer(name) for name in cellseg.shipped_files()))
        choice = row(self.box, browse)
        choice.layout().setStretch(0, 1)
        column(choice, self.offers, parent=self)
        self.box.editTextChanged.connect(lambda text: self.offers.setVisible(not text))
        session.signals.model_changed.connect(self._use)
        session.signals.project_changed.connect(self._list)
        self._list()

    @property
    def model(self) -> str:
        """The run folder or model file; empty where none is chosen."""
        return self.box.currentText().strip()

    def _offer(self, name: str) -> QWidget:
        """Button that chooses a model of cellseg's; seen while none is chosen."""
        tip = f"Choose the model {name}, which comes with cellseg."
        return slim_button(f"Use {name}", tip, lambda: self._session.use_model(name))

    def _list(self, _project: object = None) -> None:
        text, project = self.box.currentText() or self._session.model, self._session.project
        runs = [] if project is None else list(map(str, project.runs))
        self.box.clear()
        self.box.addItems([*runs, *cellseg.shipped_files()])
        if not runs:  # which model suits is for people to say
            self.box.setCurrentIndex(-1)
        if text:
            self._use(text)

    def _use(self, model: str) -> None:
        if self.box.findText(model) < 0:
            self.box.insertItem(0, model)
        self.box.setCurrentText(model)
        self.box.setToolTip(model)

    def _ask_run(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Run folder", self.box.currentText())
        if path:
            self._session.use_model(path)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Model file", self.box.currentText(), "Model (*.safetensors)")
        if path:
            self._session.use_model(path)


class Folders:
    """Folders of predictions: in the project, else as long as the window is open."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._temporary: Path | None = None

    def of(self, name: str, file: str | None = None) -> Path:
        """The folder of an image, which need not be there yet; `file` is where the image is, if it is in one."""
        project = self._session.project
        if project is not None and any(image.name == name for image in project.images):
            return Path(project.predictions) / name
        if file is not None:
            with suppress(OSError):  # a home that cannot be written
                return recovery_place(file)
        return self._passing() / re.sub(r"\W", "_", name)

    def cut(self, number: int) -> Path:
        """The file of the cells of a field while a slider moves; the last few are there at a time."""
        folder = self._passing() / "cuts of fields"
        folder.mkdir(exist_ok=True)
        return folder / f"cut-{number % CUTS}.npy"

    def _passing(self) -> Path:
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="cellseg-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary

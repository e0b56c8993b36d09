"""The panel for segmenting."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from napari._qt.qthreading import create_worker
from napari.layers import Image, Labels
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

import cellseg
from cellseg.options import PredictOptions
from napari_cellseg.camera import camera
from napari_cellseg.segment.annotation import Taken
from napari_cellseg.segment.command import predict_words, quoted
from napari_cellseg.segment.controls import CutControls
from napari_cellseg.segment.driver import Driver
from napari_cellseg.segment.field import Field
from napari_cellseg.segment.inputs import Choices, Input, open_order
from napari_cellseg.segment.pyramid import open_levels
from napari_cellseg.segment.results import ResultLayers, pixel_sizes_um, placement_in_um, placement_of
from napari_cellseg.segment.take import AREAS, take_over
from napari_cellseg.session import Session

WORKER = "napari_cellseg.segment.worker"
REFRESH_MS = 300
"""Pictures are read anew at most so often while tiles come."""
FOLLOW_MS = 500
"""Cells of the visible field follow the tiles at most so often."""
PAUSE_MS = 800
"""After the last move of a slider the whole image follows, where it is small."""
LOOK_MS = 700
"""A place that is looked at for so long is predicted next."""
UNCERTAINTY = "uncertainty"
AVERAGES = {
    "none": "none",
    "rotations7": "7 rotations (7 times as long)",
    "dihedral8": "8 turned and mirrored (8 times as long)",
}
FORMATS = {
    "TIFF with OME metadata (*.ome.tif)": ".ome.tif",
    "TIFF (*.tif)": ".tif",
    "OME-Zarr folder (*.ome.zarr)": ".ome.zarr",
}


class SegmentPanel(QWidget):
    """Choose images and a model, watch the tiles come, adjust the cells, save them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._temporary: Path | None = None
        self._queue: list[Input] = []
        self._current: Input | None = None
        self._opened: dict[str, Any] = {}
        self._choices = Choices(model="")
        self._image_file = ""
        self._layers: ResultLayers | None = None
        self._field: Field | None = None
        self._busy = False
        self._number = 0
        self._driver = Driver(WORKER, self)
        self._driver.told.connect(self._hear)
        self._driver.died.connect(self._mourn)
        self.destroyed.connect(_closing(self._driver))
        self._build()
        self._refreshing = _timer(self, REFRESH_MS, self._refresh)
        self._following = _timer(self, FOLLOW_MS, self._cut)
        self._pause = _timer(self, PAUSE_MS, self._apply_if_small)
        self._looking = _timer(self, LOOK_MS, self._look)
        layers = session.viewer.layers
        for event in (layers.events.inserted, layers.events.removed, layers.events.reordered):
            event.connect(self._list_layers)
        layers.selection.events.active.connect(self._list_layers)
        camera(session.viewer).events.connect(self._moved)
        session.viewer.dims.events.current_step.connect(self._moved)
        session.signals.model_changed.connect(self._use_model)
        session.signals.project_changed.connect(lambda _: self._list_models())
        self._list_layers()
        self._list_models()
        self._show_state()

    # the form ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self._build_start())
        layout.addWidget(self._build_cells())
        layout.addWidget(self._build_results())
        layout.addWidget(self._build_annotation())
        layout.addStretch()
        for box in inside.findChildren(QComboBox):  # a long word must not make the dock wider
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _build_start(self) -> QWidget:
        self.images = QListWidget()
        self.images.setFixedHeight(84)
        self.images.setToolTip(
            "The images that are segmented: layers of the viewer, and files that may be larger than memory."
        )
        self.add_files = _button("Add files…", "TIFF files that need not fit into memory.", self._ask_files)
        self.model = QComboBox()
        self.model.setEditable(True)
        self.model.setToolTip("A run folder, as training makes it, or a model file.")
        self.model.lineEdit().setPlaceholderText("run folder or model file")
        self.browse = QToolButton()
        self.browse.setText("…")
        self.browse.setToolTip("Choose a run folder or a model file.")
        self.browse.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.browse)
        menu.addAction("Run folder…", self._ask_run)
        menu.addAction("Model file…", self._ask_model)
        self.browse.setMenu(menu)
        self.average = QComboBox()
        for name, words in AVERAGES.items():
            self.average.addItem(words, name)
        self.average.setToolTip(
            "Average over versions of the image: 7 rotations, as in the paper of 2015, or the 8 "
            "symmetries of the square. Better, and slower."
        )
        self.start = _button("Segment", "Predict the chosen images; what is seen comes first.", self._start)
        self.stop = _button("Cancel", "Stop after the present tile. What is done is kept.", self._cancel)
        self.progress = QProgressBar()
        self.progress.setToolTip("Tiles that are predicted.")
        self.state = QLabel()
        self.state.setWordWrap(True)
        box = QGroupBox("Image and model")
        form = _form(box)
        form.addRow(self.images)
        form.addRow(self.add_files)
        form.addRow("Model", _row(self.model, self.browse))
        form.addRow("Average", self.average)
        form.addRow(self._build_more())
        form.addRow(_row(self.start, self.stop))
        form.addRow(self.progress)
        form.addRow(self.state)
        return box

    def _build_more(self) -> QWidget:
        self.axes = QLineEdit()
        self.axes.setPlaceholderText("as the file says")
        self.axes.setToolTip("What the image's axes mean, such as ZYX or CYX, where that is not known or wrong.")
        self.channel = QLineEdit()
        self.channel.setPlaceholderText("all")
        self.channel.setToolTip("Name or number (from 0) of the channel that the model sees.")
        self.tile = QSpinBox()
        self.tile.setRange(64, 4096)
        self.tile.setSingleStep(64)
        self.tile.setValue(512)
        self.tile.setToolTip(
            "Side of a tile in pixels. Small ones are sooner there and need less memory; large ones "
            "are quicker in all. The result is the same."
        )
        more = QWidget()
        form = _form(more)
        form.addRow("Axes", self.axes)
        form.addRow("Channel", self.channel)
        form.addRow("Tile", self.tile)
        return _folded("More", more)

    def _build_cells(self) -> QWidget:
        self.cut = CutControls()
        self.cut.changed.connect(self._slide)
        self.apply = _button(
            "Apply to the whole image",
            "Number the cells of all planes with these settings. Small images follow by themselves.",
            self._apply,
        )
        self.count = QLabel()
        self.count.setWordWrap(True)
        box = QGroupBox("Cells")
        box.setToolTip("The network does not run again when these are moved.")
        layout = QVBoxLayout(box)
        layout.addWidget(self.cut)
        layout.addWidget(self.count)
        layout.addWidget(self.apply)
        return box

    def _build_results(self) -> QWidget:
        self.uncertainty = QCheckBox("Show where the network is unsure")
        self.uncertainty.setToolTip("Entropy of the probabilities, as a layer.")
        self.uncertainty.toggled.connect(self._show_uncertainty)
        self.what = QComboBox()
        self.what.addItem("cells", "instances")
        self.what.addItem("probabilities", "probabilities")
        self.what.setToolTip("What is saved.")
        self.save = _button("Save…", "As TIFF, OME-TIFF or OME-Zarr, with the pixel size.", self._ask_save)
        self.command = QLineEdit()
        self.command.setReadOnly(True)
        self.command.setToolTip("The command that gives the same result without a window.")
        self.copy = _button("Copy", "Copy the command.", self._copy)
        box = QGroupBox("Result")
        form = _form(box)
        form.addRow(self.uncertainty)
        form.addRow("Save", _row(self.what, self.save))
        form.addRow("Command", _row(self.command, self.copy))
        self.what.currentIndexChanged.connect(lambda _: self._show_command())
        return box

    def _build_annotation(self) -> QWidget:
        self.area = QComboBox()
        for name, words in AREAS.items():
            self.area.addItem(words, name)
        self.area.setToolTip("Which part of the selected cells layer becomes annotation.")
        self.over = QCheckBox("Also over what is annotated already")
        self.over.setToolTip("Else annotation that is there stays as it is.")
        self.use = _button(
            "Use as annotation",
            "Put the cells, as you corrected them, into the project: cell k "
            "becomes k + 1, the rest background. The earlier annotation is kept.",
            self._use,
        )
        self.again = _button("Train again", "Go to training, with the corrected cells.", self._train_again)
        box = QGroupBox("Correct and train again")
        form = _form(box)
        form.addRow("Take", self.area)
        form.addRow(self.over)
        form.addRow(_row(self.use, self.again))
        return box

    # images and models ------------------------------------------------------------------------------------------

    def _list_layers(self, event: Any = None) -> None:
        """All image layers that are no results; the one in work is ticked if none was."""
        ticked = {item.text() for item in self._items() if item.checkState() == Qt.CheckState.Checked}
        files = [item.data(Qt.ItemDataRole.UserRole) for item in self._items()]
        files = [path for path in files if path]
        self.images.clear()
        names = [layer.name for layer in self._image_layers()]
        for name in names:
            self._add_item(name, None, name in ticked)
        for path in files:
            self._add_item(Path(path).name, path, Path(path).name in ticked)
        image = self._session.image()
        if image is not None and not any(item.checkState() == Qt.CheckState.Checked for item in self._items()):
            for item in self._items():
                if item.text() == image.name:
                    item.setCheckState(Qt.CheckState.Checked)

    def _image_layers(self) -> list[Image]:
        layers = self._session.viewer.layers
        return [layer for layer in layers if isinstance(layer, Image) and _what(layer) in ("", "image")]

    def _items(self) -> list[QListWidgetItem]:
        return [self.images.item(row) for row in range(self.images.count())]

    def _add_item(self, text: str, path: str | None, ticked: bool) -> None:
        item = QListWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, path)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setToolTip(path or "a layer of the viewer")
        self.images.addItem(item)

    def _ask_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Images", "", "TIFF (*.tif *.tiff *.btf);;All files (*)")
        self.choose_files([Path(path) for path in paths])

    def choose_files(self, paths: list[Path]) -> None:
        """Segment these files, and not what was ticked before."""
        for item in self._items():
            item.setCheckState(Qt.CheckState.Unchecked)
        for path in paths:
            self._add_item(path.name, str(path), True)

    def _ask_run(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Run folder", self.model.currentText())
        if path:
            self._session.use_model(path)

    def _ask_model(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Model file", self.model.currentText(), "Model (*.safetensors)")
        if path:
            self._session.use_model(path)

    def _use_model(self, model: str) -> None:
        if self.model.findText(model) < 0:
            self.model.insertItem(0, model)
        self.model.setCurrentText(model)
        self.model.setToolTip(model)

    def _list_models(self) -> None:
        text = self.model.currentText() or self._session.model
        runs = [str(run) for run in self._session.project.runs] if self._session.project else []
        self.model.clear()
        self.model.addItems(runs)
        if text:
            self._use_model(text)

    # predicting -------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        inputs = [self._input(item) for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        model = self.model.currentText().strip()
        if not inputs:
            show_warning("No image is ticked. Tick a layer, or add files.")
        elif not model:
            show_warning("No model is chosen. Train one, or choose a run folder or a model file.")
        else:
            network = PredictOptions(average=self.average.currentData(), tile=self.tile.value())
            axes, channel = self.axes.text().strip().upper(), self.channel.text().strip()
            self._choices = Choices(model=model, network=network, axes=axes, channel=channel)
            self._queue = inputs
            self._next()

    def _next(self) -> None:
        """Open the next image that waits."""
        if not self._queue:
            return
        self._current = chosen = self._queue.pop(0)
        self._set_busy("getting the image and the model ready…")
        worker = create_worker(open_order, chosen, self._choices, _start_thread=False)
        worker.returned.connect(self._open)
        worker.errored.connect(self._fail)
        worker.start()

    def _open(self, order: dict[str, Any]) -> None:
        self._image_file = order["image"]
        self._choices = replace(self._choices, axes=order["axes"])
        self._driver.send(order)

    def _fail(self, error: Exception) -> None:
        self._set_free("")
        show_error(str(error) if isinstance(error, cellseg.InputError) else f"{type(error).__name__}: {error}")

    def _input(self, item: QListWidgetItem) -> Input:
        path = item.data(Qt.ItemDataRole.UserRole)
        if path:
            return Input(name=Path(path).name, folder=self._folder(Path(path).name), path=path)
        layer = self._session.viewer.layers[item.text()]
        about = layer.metadata.get("cellseg", {})
        size, spacing = pixel_sizes_um(layer)
        path, name = layer.source.path, about.get("image", layer.name)
        axes = ""
        if self._session.project is not None and "image" in about:
            image = self._session.project.image(about["image"])
            path, axes = str(image.path), image.read_axes
        data = layer.data[0] if layer.multiscale else layer.data
        return Input(
            name=layer.name,
            folder=self._folder(name),
            path=path,
            data=data,
            rgb=bool(layer.rgb),
            axes=axes,
            pixel_size_um=size,
            spacing_um=spacing,
        )

    def _folder(self, name: str) -> Path:
        """Where the prediction of an image is kept: in the project, else as long as the window is open."""
        project = self._session.project
        if project is not None and name in {image.name for image in project.images}:
            return Path(project.predictions) / name
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="cellseg-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        plain = "".join(letter if letter.isalnum() else "_" for letter in name)
        return self._temporary / plain

    def _cancel(self) -> None:
        self._queue.clear()
        self._driver.send({"do": "cancel"})
        self.state.setText("stopping after this tile…")

    # what the child says ----------------------------------------------------------------------------------------

    def _hear(self, told: dict[str, Any]) -> None:
        answer = getattr(self, f"_hear_{told['event']}", None)
        if answer is not None:
            answer(told)

    def _hear_opened(self, told: dict[str, Any]) -> None:
        assert self._current is not None
        self._opened = told
        shape = (*told["lead"], told["height"], told["width"])
        if self._layers is None or self._layers.name != self._current.name or self._layers.shape != shape:
            self._layers = self._new_layers(self._current, shape)
            self.cut.adapt(told["threshold"], told["minimum_size"], stack=bool(told["lead"]))
        self._field = None
        self.progress.setRange(0, told["total"])
        self.progress.setValue(told["done"])
        self._show_state()
        if self.uncertainty.isChecked():
            self._driver.send({"do": "show", "names": [UNCERTAINTY]})
        self._driver.send({"do": "predict", "near": self._layers.field().centre})

    def _new_layers(self, chosen: Input, shape: tuple[int, ...]) -> ResultLayers:
        layers = self._session.viewer.layers
        reference = layers[chosen.name] if chosen.data is not None and chosen.name in layers else None
        if reference is not None:
            placement = placement_of(reference, len(shape)) if reference.ndim >= len(shape) else {}
        else:
            size = self._opened["pixel_size_um"]
            placement = placement_in_um(len(shape), tuple(size) if size else None, self._opened["spacing_um"])
        about = dict(reference.metadata.get("cellseg", {})) if reference is not None else {}
        about = {**about, "image": about.get("image", chosen.name), "model": self._choices.model}
        return ResultLayers(self._session.viewer, chosen.name, shape, placement, about, reference)

    def _hear_picture(self, told: dict[str, Any]) -> None:
        if self._layers is not None:
            self._layers.show_picture(told["name"], Path(told["folder"]), told["name"] == UNCERTAINTY)

    def _hear_drawn(self, told: dict[str, Any]) -> None:
        self._refresh(thumbnail=True)

    def _hear_tile(self, told: dict[str, Any]) -> None:
        self.progress.setValue(told["done"])
        left = _time(told["seconds_left"])
        self.state.setText(f"{told['done']} of {told['total']} tiles, {left} left")
        if not self._refreshing.isActive():
            self._refreshing.start()
        seen = self._layers is not None and self._layers.field().holds(told["plane"], told["rows"], told["columns"])
        if seen and not self._following.isActive():
            self._following.start()

    def _hear_predicted(self, told: dict[str, Any]) -> None:
        self._refresh(thumbnail=True)
        self._apply()

    def _hear_progress(self, told: dict[str, Any]) -> None:
        self.state.setText(f"{told['stage']}: {told['done']} of {told['total']}")

    def _hear_cut(self, told: dict[str, Any]) -> None:
        if told["number"] != self._number or self._layers is None:
            return
        where = Field(told["plane"], (told["rows"][0], told["rows"][1]), (told["columns"][0], told["columns"][1]))
        self._layers.show_preview(where, np.load(told["file"]))
        self.count.setText(f"{told['cells']} cells in the visible field (preview)")

    def _hear_applied(self, told: dict[str, Any]) -> None:
        layers, folder = self._layers, Path(told["folder"])
        if layers is None:
            return
        self._number += 1  # a preview that is still on its way is late
        levels = open_levels(folder)
        part = "" if told["complete"] else " in what is predicted so far"
        self.count.setText(f"{told['cells']} cells{part}")
        if layers.small:
            worker = create_worker(np.asarray, levels[0], _start_thread=False)
            worker.returned.connect(lambda data: self._applied(layers, data, False))
            worker.start()
        else:
            self._applied(layers, levels, len(levels) > 1)

    def _applied(self, layers: ResultLayers, data: Any, multiscale: bool) -> None:
        layers.show_cells(data if multiscale or isinstance(data, np.ndarray) else data[0], multiscale)
        if self._queue:
            self._next()
        else:
            self._set_free("")

    def _hear_saved(self, told: dict[str, Any]) -> None:
        self._set_free(f"wrote {told['path']}")
        show_info(f"wrote {told['path']}")

    def _hear_cancelled(self, told: dict[str, Any]) -> None:
        self._set_free("cancelled; what is done is kept, Segment goes on from there")

    def _hear_failed(self, told: dict[str, Any]) -> None:
        if told["order"] != "cut":
            self._queue.clear()
            self._set_free("")
        show_error(told["message"])

    def _mourn(self, words: str) -> None:
        """The child is gone: killed, or out of memory."""
        self._queue.clear()
        self._set_free("the prediction stopped; Segment goes on with the tiles that are done")
        said = f" It said: {words}" if words else ""
        show_error(f"The program that predicts has ended, perhaps for want of memory. Press Segment to go on.{said}")

    # cells ------------------------------------------------------------------------------------------------------

    def _slide(self) -> None:
        """A slider was moved: the field at once, the whole image after a pause."""
        self._show_command()
        self._cut()
        self._pause.start()

    def _cut(self) -> None:
        if self._layers is None:
            return
        self._number += 1
        where = self._layers.field()
        self._field = where
        file = self._folder_of_cuts() / f"cut-{self._number % 4}.npy"
        options = {name: value for name, value in self.cut.options().items() if not name.startswith("link")}
        self._driver.send(
            {
                "do": "cut",
                "number": self._number,
                "plane": where.plane,
                "rows": where.rows,
                "columns": where.columns,
                "options": options,
                "file": str(file),
            }
        )

    def _folder_of_cuts(self) -> Path:
        folder = self._folder("cuts of fields")
        folder.mkdir(exist_ok=True)
        return folder

    def _apply_if_small(self) -> None:
        if self._layers is not None and self._layers.small and not self._busy:
            self._apply()

    def _apply(self) -> None:
        if self._layers is not None:
            self._pause.stop()
            self._following.stop()
            self._set_busy("numbering cells…")
            self._driver.send({"do": "apply", "options": self.cut.options()})

    def _refresh(self, thumbnail: bool = False) -> None:
        if self._layers is not None:
            self._layers.refresh_pictures(thumbnail)

    def _show_uncertainty(self, wanted: bool) -> None:
        if self._layers is None:
            return
        layer = self._layers.pictures.get(UNCERTAINTY)
        if layer is not None and layer in self._session.viewer.layers:
            layer.visible = wanted
        elif wanted:
            self._driver.send({"do": "show", "names": [UNCERTAINTY]})

    def _moved(self, event: Any = None) -> None:
        if self._layers is not None:
            self._looking.start()

    def _look(self) -> None:
        """Another place is looked at: it is predicted next, and its preview follows."""
        if self._layers is None:
            return
        where = self._layers.field()
        self._driver.send({"do": "near", "near": where.centre})
        preview = self._layers.preview
        if preview is not None and preview.visible and where != self._field:
            self._cut()

    # results ----------------------------------------------------------------------------------------------------

    def _options(self) -> dict[str, Any]:
        return {"result": self.what.currentData(), **self.cut.options()}

    def command_words(self, out: str) -> list[str]:
        """The command that gives the present result."""
        told = self._opened
        network = {"average": self._choices.network.average, "tile": told["tile"], "precision": told["precision"]}
        options = self._options() if self.what.currentData() == "instances" else {"result": self.what.currentData()}
        settings = PredictOptions(**network, **options)
        axes, channel = self._choices.axes, self._choices.channel
        return predict_words(self._choices.model, self._image_file, out, settings, axes=axes, channel=channel)

    def _show_command(self) -> None:
        if self._opened:
            self.command.setText(quoted(self.command_words("cells.ome.tif")))
            self.command.setCursorPosition(0)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.text())

    def _ask_save(self) -> None:
        name = f"{self._current.name if self._current else 'image'}-{self.what.currentText()}"
        path, kind = QFileDialog.getSaveFileName(self, "Save", name, ";;".join(FORMATS))
        if path:
            self.save_as(Path(path) if "." in Path(path).name else Path(path + FORMATS.get(kind, ".ome.tif")))

    def save_as(self, path: Path) -> None:
        """Write the cells or the probabilities of the whole image."""
        self._set_busy(f"writing {path.name}…")
        self._driver.send({"do": "save", "path": str(path), "options": self._options()})

    # annotation -------------------------------------------------------------------------------------------------

    def _use(self) -> None:
        layer = self._cells_layer()
        if layer is None or self._layers is None:
            show_warning("There are no cells yet. Segment an image first.")
            return
        area, seen = self.area.currentData(), self._layers.field()
        worker = create_worker(
            take_over, self._session.project, layer, area, seen, replace=self.over.isChecked(), _start_thread=False
        )
        worker.returned.connect(self._taken)
        worker.errored.connect(self._fail)
        worker.start()

    def _taken(self, taken: Taken) -> None:
        for layer in self._session.viewer.layers:
            if isinstance(layer, Labels) and _what(layer) == "annotation":
                layer.refresh()
                self._session.signals.annotation_changed.emit(layer)
        show_info(f"{len(taken.ids)} cells were put into the annotation ({taken.pixels} pixels)")

    def _cells_layer(self) -> Labels | None:
        """The selected layer of cells, else that of the present result."""
        selected = self._session.viewer.layers.selection.active
        if isinstance(selected, Labels) and _what(selected) == "instances":
            return selected
        return self._layers.cells if self._layers is not None else None

    def _train_again(self) -> None:
        parent = self.parentWidget()
        while parent is not None and not hasattr(parent, "show_panel"):
            parent = parent.parentWidget()
        if parent is not None:
            parent.show_panel("Train")

    # state ------------------------------------------------------------------------------------------------------

    def _set_busy(self, words: str) -> None:
        self._busy = True
        self.state.setText(words)
        self._show_state()

    def _set_free(self, words: str) -> None:
        self._busy = False
        self.state.setText(words)
        self._show_state()

    def _show_state(self) -> None:
        ready = self._layers is not None
        self.start.setEnabled(not self._busy)
        self.stop.setEnabled(self._busy)
        self.cut.setEnabled(ready)
        for widget in (self.apply, self.save, self.copy, self.use):
            widget.setEnabled(ready and not self._busy)
        self._show_command()


def _closing(driver: Driver) -> Any:
    """Not a method of the panel: these are not called any more when it is destroyed."""
    return lambda *_: driver.close()


def _what(layer: Any) -> str:
    return str(layer.metadata.get("cellseg", {}).get("what", ""))


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _timer(parent: QWidget, milliseconds: int, what: Any) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(what)
    return timer


def _button(text: str, help_text: str, what: Any) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(help_text)
    button.clicked.connect(lambda: what())
    return button


def _form(parent: QWidget) -> QFormLayout:
    form = QFormLayout(parent)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return row


def _folded(title: str, content: QWidget) -> QWidget:
    folded = QCollapsible(title)
    folded.setContent(content)
    folded.collapse(animate=False)
    return folded

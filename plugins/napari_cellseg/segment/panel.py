"""The panel for segmenting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from napari._qt.qthreading import create_worker
from napari.layers import Labels
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtWidgets import QVBoxLayout, QWidget

import cellseg
from cellseg.options import PredictOptions
from napari_cellseg.segment.annotation import Taken
from napari_cellseg.segment.choice import Folders, what_of
from napari_cellseg.segment.command import predict_words, quoted
from napari_cellseg.segment.driver import Driver
from napari_cellseg.segment.follow import FieldCells
from napari_cellseg.segment.form import CellsBox, CorrectBox, ResultBox, StartBox
from napari_cellseg.segment.inputs import Choices, Input, open_order
from napari_cellseg.segment.pyramid import open_levels
from napari_cellseg.segment.results import ResultLayers, layers_for
from napari_cellseg.segment.take import take_over
from napari_cellseg.session import Session
from napari_cellseg.train.progress import duration
from napari_cellseg.widgets import column, later, scrolled

WORKER = "napari_cellseg.segment.worker"
REFRESH_MS = 300
"""Pictures are read anew at most so often while tiles come."""
PAUSE_MS = 800
"""After the last move of a slider the whole image follows, where it is small."""
UNCERTAINTY = "uncertainty"


class SegmentPanel(QWidget):
    """Choose images and a model, watch the tiles come, adjust the cells, save them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._folders = Folders(session)
        self._queue: list[Input] = []
        self._current: Input | None = None
        self._opened: dict[str, Any] = {}
        self._choices = Choices(model="")
        self._image_file = ""
        self._layers: ResultLayers | None = None
        self._busy = False
        self._driver = Driver(WORKER, self)
        self.destroyed.connect(_closing(self._driver))
        self.begin, self.cells, self.result, self.correct = StartBox(session), CellsBox(), ResultBox(), CorrectBox()
        self._lay_out()
        self._field = FieldCells(session.viewer, self._driver, self.cells.cut, self._folders, self)
        self._refreshing = later(self, REFRESH_MS, self._refresh)
        self._pause = later(self, PAUSE_MS, self._apply_if_small)
        self._connect()
        self._show_state()

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 4, 4, 4)
        for box in (self.begin, self.cells, self.result, self.correct):
            layout.addWidget(box)
        layout.addStretch()
        column(scrolled(inside), parent=self)

    def _connect(self) -> None:
        self._driver.told.connect(self._hear)
        self._driver.died.connect(self._mourn)
        self._field.counted.connect(self._count)
        self.begin.start.clicked.connect(self._start)
        self.begin.stop.clicked.connect(self._cancel)
        self.cells.cut.changed.connect(self._slide)
        self.cells.apply.clicked.connect(self._apply)
        self.result.uncertainty.toggled.connect(self._show_uncertainty)
        self.result.what.currentIndexChanged.connect(self._show_command)
        self.result.save.clicked.connect(self._ask_save)
        self.correct.use.clicked.connect(self._use)

    # predicting -------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        inputs, choices = self.begin.images.inputs(self._folders), self.begin.choices()
        if not inputs:
            show_warning("No image is ticked. Tick a layer, or add files.")
        elif not choices.model:
            show_warning("No model is chosen. Train one, or choose a run folder or a model file.")
        else:
            self._choices, self._queue = choices, inputs
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

    def _cancel(self) -> None:
        self._queue.clear()
        self._driver.send({"do": "cancel"})
        self.begin.state.setText("stopping after this tile…")

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
            self._layers = layers_for(self._session.viewer, self._current, told, self._choices.model)
            self.cells.cut.adapt(told, stack=bool(told["lead"]))
        self._field.take(self._layers)
        self.begin.progress.setRange(0, told["total"])
        self.begin.progress.setValue(told["done"])
        self._show_state()
        if self.result.uncertainty.isChecked():
            self._driver.send({"do": "show", "names": [UNCERTAINTY]})
        self._driver.send({"do": "predict", "near": self._layers.field().centre})

    def _hear_picture(self, told: dict[str, Any]) -> None:
        if self._layers is not None:
            self._layers.show_picture(told["name"], Path(told["folder"]), told["name"] == UNCERTAINTY)

    def _hear_drawn(self, told: dict[str, Any]) -> None:
        self._refresh(thumbnail=True)

    def _hear_tile(self, told: dict[str, Any]) -> None:
        self.begin.progress.setValue(told["done"])
        self.begin.state.setText(f"{told['done']} of {told['total']} tiles, {duration(told['seconds_left'])} left")
        if not self._refreshing.isActive():
            self._refreshing.start()
        self._field.follow(told)

    def _hear_predicted(self, told: dict[str, Any]) -> None:
        self._refresh(thumbnail=True)
        self._apply()

    def _hear_progress(self, told: dict[str, Any]) -> None:
        self.begin.state.setText(f"{told['stage']}: {told['done']} of {told['total']}")

    def _hear_cut(self, told: dict[str, Any]) -> None:
        self._field.show(told)

    def _hear_applied(self, told: dict[str, Any]) -> None:
        layers, folder = self._layers, Path(told["folder"])
        if layers is None:
            return
        self._field.forget()
        levels = open_levels(folder)
        part = "" if told["complete"] else " in what is predicted so far"
        self.cells.count.setText(f"{told['cells']} cells{part}")
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
        self._field.cut()
        self._pause.start()

    def _count(self, cells: int) -> None:
        self.cells.count.setText(f"{cells} cells in the visible field (preview)")

    def _apply_if_small(self) -> None:
        if self._layers is not None and self._layers.small and not self._busy:
            self._apply()

    def _apply(self) -> None:
        if self._layers is not None:
            self._pause.stop()
            self._field.rest()
            self._set_busy("numbering cells…")
            self._driver.send({"do": "apply", "options": self.cells.cut.options()})

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

    # results ----------------------------------------------------------------------------------------------------

    def _options(self) -> dict[str, Any]:
        return {"result": self.result.what.currentData(), **self.cells.cut.options()}

    def command_words(self, out: str) -> list[str]:
        """The command that gives the present result."""
        told, what = self._opened, self.result.what.currentData()
        network = {"average": self._choices.network.average, "tile": told["tile"], "precision": told["precision"]}
        options = self._options() if what == "instances" else {"result": what}
        settings = PredictOptions(**network, **options)
        axes, channel = self._choices.axes, self._choices.channel
        return predict_words(self._choices.model, self._image_file, out, settings, axes=axes, channel=channel)

    def _show_command(self) -> None:
        if self._opened:
            self.result.show_command(quoted(self.command_words("cells.ome.tif")))

    def _ask_save(self) -> None:
        path = self.result.ask_path(self._current.name if self._current else "image")
        if path is not None:
            self.save_as(path)

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
        area, seen, over = self.correct.area.currentData(), self._layers.field(), self.correct.over.isChecked()
        worker = create_worker(take_over, self._session.project, layer, area, seen, replace=over, _start_thread=False)
        worker.returned.connect(self._taken)
        worker.errored.connect(self._fail)
        worker.start()

    def _taken(self, taken: Taken) -> None:
        for layer in self._session.viewer.layers:
            if isinstance(layer, Labels) and what_of(layer) == "annotation":
                layer.refresh()
                self._session.signals.annotation_changed.emit(layer)
        show_info(f"{len(taken.ids)} cells were put into the annotation ({taken.pixels} pixels)")

    def _cells_layer(self) -> Labels | None:
        """The selected layer of cells, else that of the present result."""
        selected = self._session.viewer.layers.selection.active
        if isinstance(selected, Labels) and what_of(selected) == "instances":
            return selected
        return self._layers.cells if self._layers is not None else None

    # state ------------------------------------------------------------------------------------------------------

    def _set_busy(self, words: str) -> None:
        self._busy = True
        self.begin.state.setText(words)
        self._show_state()

    def _set_free(self, words: str) -> None:
        self._busy = False
        self.begin.state.setText(words)
        self._show_state()

    def _show_state(self) -> None:
        ready = self._layers is not None
        self.begin.start.setEnabled(not self._busy)
        self.begin.stop.setEnabled(self._busy)
        self.cells.cut.setEnabled(ready)
        for widget in (self.cells.apply, self.result.save, self.result.copy, self.correct.use):
            widget.setEnabled(ready and not self._busy)
        self._show_command()


def _closing(driver: Driver) -> Any:
    """Not a method of the panel: these are not called any more when it is destroyed."""
    return lambda *_: driver.close()

"""The panel for segmenting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from napari.layers import Labels
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from cellseg.options import PredictOptions
from napari_cellseg.annotation import notes_on
from napari_cellseg.children.service import Service
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.pixels.pyramid import open_levels
from napari_cellseg.project.cell_sizes import smallest_cell
from napari_cellseg.project.corrections import cells_of, is_corrected
from napari_cellseg.segment.batch import BatchOrder, batch_order
from napari_cellseg.segment.batch_run import BatchRun
from napari_cellseg.segment.choice import Folders
from napari_cellseg.segment.controller import Desk, SegmentController
from napari_cellseg.segment.correction import NO_CELLS, Correction
from napari_cellseg.segment.cut import Cut
from napari_cellseg.segment.follow import FieldCells
from napari_cellseg.segment.form import CellsBox, CorrectBox, ResultBox, StartBox
from napari_cellseg.segment.inputs import Choices, Input, open_order
from napari_cellseg.segment.results import cells_layer, layers_for
from napari_cellseg.segment.save import write_cells
from napari_cellseg.session import Session, number_of
from napari_cellseg.widgets import column, later, scrolled

_WORKER = "napari_cellseg.segment.worker"
REFRESH_MS = 300
"""Pictures are read anew at most so often while tiles come."""
_PAUSE_MS = 800
"""After the last move of a slider the whole image follows, where it is small."""


class SegmentPanel(QWidget):
    """Choose images and a model, watch the tiles come, adjust the cells, save them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._folders, cut, tasks = Folders(session), Cut(), Tasks(self)
        self._service = Service(_WORKER)
        self._tasks, self.batch = tasks, BatchRun()
        self.destroyed.connect(_closing(self._service, self.batch))
        self._field = FieldCells(session.viewer, self._service, cut, self._folders, self)
        make = partial(layers_for, session.viewer)
        desk = Desk(self._service, self._field, tasks, make, read_cells, partial(_smallest, session))
        self.controller = SegmentController(cut, desk)
        self.correction = Correction(session, tasks, lambda: self.controller.layers)
        self.begin, self.cells = StartBox(session), CellsBox(cut)
        self.result, self.correct = ResultBox(), CorrectBox()
        self._saving: Labels | None = None
        """The cells that are being written."""
        self._lay_out()
        self._refreshing = later(self, REFRESH_MS, self._refresh)
        self._pause = later(self, _PAUSE_MS, self._on_pause_over)
        self._connect_widgets()
        self._connect_decisions()
        self._on_changed()

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 4, 4, 4)
        for box in (self.begin, self.cells, self.result, self.correct):
            layout.addWidget(box)
        layout.addStretch()
        column(scrolled(inside), parent=self)

    def _connect_widgets(self) -> None:
        self.begin.start.clicked.connect(lambda: self._start())
        self.begin.stop.clicked.connect(lambda: self._stop())
        self.begin.report.clicked.connect(lambda: self._show_report())
        self.cells.apply.clicked.connect(lambda: self.controller.apply())
        self.result.uncertainty.toggled.connect(self.controller.show_uncertainty)
        self.result.what.currentIndexChanged.connect(self._on_result_chosen)
        self.result.save.clicked.connect(lambda: self._ask_save())
        self.correct.use.clicked.connect(lambda: self._use())
        self._session.viewer.layers.selection.events.active.connect(self._on_selected)
        self._session.signals.annotation_changed.connect(self._on_selected)
        self.destroyed.connect(_forgetting(self._session, self._on_selected))

    def _connect_decisions(self) -> None:
        decided = self.controller
        decided.changed.connect(self._on_changed)
        decided.progressed.connect(self.begin.show_progress)
        decided.counted.connect(self._on_counted)
        decided.tiled.connect(self._on_tile)
        decided.drawn.connect(self._on_drawn)
        decided.applying.connect(self._on_applying)
        decided.saved.connect(self._on_saved)
        decided.cut.changed.connect(self._on_cut_changed)
        self.batch.changed.connect(self._on_batch_changed)
        self.batch.finished.connect(self._on_batch_finished)
        self.batch.failed.connect(_on_failed)
        self._field.counted.connect(self._on_field_counted)
        for source in (decided, self.correction):
            source.warned.connect(_on_warned)
            source.failed.connect(_on_failed)
            source.said.connect(_on_said)

    # what was pressed -------------------------------------------------------------------------------------------

    def save_as(self, path: Path) -> None:
        """Write the cells as they are seen, or the probabilities of the whole image."""
        cells, present = self.correction.cells(), self.controller.layers
        self._saving = cells if self.controller.result == "instances" else None
        if self.controller.result != "instances":
            self.controller.save(path)
        elif cells is not None and self._is_own(cells):
            self.controller.save_by(partial(write_cells, cells, self._session.project, path), path)
        elif present is None or not present.is_seen:
            _on_warned(NO_CELLS)
        else:
            self.controller.save(path)

    def _is_own(self, cells: Labels) -> bool:
        """True if cells are others than the child has numbered last: corrected, or of another image."""
        present = self.controller.layers
        return present is None or cells is not present.cells or is_corrected(cells)

    def _show_command(self) -> None:
        """Show the command that gives what is seen, if there is one."""
        cells = self.correction.cells()
        own = cells is not None and self.controller.result == "instances" and self._is_own(cells)
        self.result.show_command("" if own else self.controller.command)
        self.result.copy.setEnabled(not own and self.controller.layers is not None and not self.controller.busy)

    def segment_seen(self) -> None:
        """Segment the image that is seen, whatever was ticked before."""
        self.begin.images.tick_only_what_is_seen()
        self._start()

    def _start(self) -> None:
        inputs, choices = self.begin.images.inputs(self._folders), self.begin.choices()
        if len(inputs) <= 1 or not choices.model:
            self.controller.start(inputs, choices)
            return
        chosen = QFileDialog.getExistingDirectory(self, f"Folder for the cells of {len(inputs)} images")
        if chosen:
            self.segment_into(Path(chosen), inputs, choices)

    def segment_into(self, out: Path, inputs: list[Input], choices: Choices) -> None:
        """Segment several images into a folder, with one table; layers are made of the one that is seen alone."""
        cut = self.controller.cut.of("instances") if self.controller.layers is not None else {}
        options = replace(choices.network, **cut)
        self._tasks.run(partial(_batch_order, inputs, choices, out, options), self.batch.start, _on_failed)

    def _on_batch_changed(self) -> None:
        self.begin.show_progress(self.batch.progress.done, self.batch.progress.total)
        self._on_changed()
        self.begin.state.setText(self.batch.words)

    def _on_batch_finished(self) -> None:
        _on_said(self.batch.words)
        self.begin.report.setVisible(self.batch.report is not None)
        self._show_result_of_what_is_seen()

    def _show_report(self) -> None:
        """Open the page of the last run in a browser."""
        if self.batch.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.batch.report)))

    def _show_result_of_what_is_seen(self) -> None:
        """The cells of the image that is seen, as a layer."""
        image, viewer = self._session.image(), unwrapped(self._session.viewer)
        file = None if image is None else self.begin.images.file_of(image)
        found = None if file is None else self.batch.progress.result_of(Path(file))
        if image is not None and found is not None:
            viewer.add_layer(cells_layer(image, found))
            viewer.layers.selection.active = image

    def _ask_save(self) -> None:
        cells, current = self.correction.cells(), self.controller.current
        known = "" if cells is None else notes_on(cells).get("image", cells.name)
        path = self.result.ask_path(known or (current.name if current else "image"))
        if path is not None:
            self.save_as(path)

    def _use(self) -> None:
        self.correction.use(self.correct.area.currentData(), replace=self.correct.over.isChecked())

    def _on_selected(self, event: object = None) -> None:
        self._on_changed()

    def _stop(self) -> None:
        if self.batch.running:
            self.batch.stop()
        else:
            self.controller.cancel()

    def _on_saved(self) -> None:
        if self._saving is not None:
            self._session.mark_saved(self._saving)

    # what has happened ------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        ready, busy = self.controller.layers is not None, self.controller.busy or self.batch.running
        self.begin.state.setText(self.controller.words)
        self.begin.start.setEnabled(not busy)
        self.begin.stop.setEnabled(busy)
        self.cells.cut.setEnabled(ready)
        self.cells.apply.setEnabled(ready and not busy)
        for widget in (self.result.save, self.correct.use):
            widget.setEnabled((ready or self.correction.cells() is not None) and not busy)
        self._show_command()

    def _on_result_chosen(self) -> None:
        self.controller.result = self.result.what.currentData()
        self._on_changed()

    def _on_cut_changed(self) -> None:
        """A slider was moved: the field at once, the whole image after a pause."""
        self._show_command()
        self._field.cut()
        self._pause.start()

    def _on_pause_over(self) -> None:
        """No slider has moved for a while; what was moved while cells are numbered counts afterwards."""
        if self.controller.busy:
            self._pause.start()
        else:
            self.controller.apply_if_small()

    def _on_applying(self) -> None:
        self._pause.stop()
        cells = None if self.controller.layers is None else self.controller.layers.cells
        if cells is not None:
            self._session.saved.discard(number_of(cells))

    def _on_counted(self, words: str) -> None:
        self.cells.count.setText(words)

    def _on_field_counted(self, cells: int) -> None:
        self.cells.count.setText(f"{cells} cells in the visible field (preview)")

    def _on_tile(self) -> None:
        if not self._refreshing.isActive():
            self._refreshing.start()

    def _on_drawn(self) -> None:
        self._refresh(thumbnail=True)

    def _refresh(self, thumbnail: bool = False) -> None:
        if self.controller.layers is not None:
            self.controller.layers.refresh_pictures(thumbnail)


def read_cells(folder: Path) -> tuple[Any, bool]:
    """Cells as a layer takes them, and whether they are several levels."""
    return cells_of(open_levels(folder), folder, writable=True)


def _smallest(session: Session) -> int:
    """Pixels that a cell has at least, as the annotation of the open project says."""
    return 0 if session.project is None else smallest_cell(session.project)


def _on_warned(words: str) -> None:
    show_warning(words)


def _on_failed(words: str) -> None:
    show_error(words)


def _on_said(words: str) -> None:
    show_info(words)


def _forgetting(session: Session, act: Callable[..., None]) -> Any:
    """No method of the panel, as below."""
    return lambda *_: session.viewer.layers.selection.events.active.disconnect(act)


def _closing(*children: Service | BatchRun) -> Any:
    """Not a method of the panel: these are not called any more when it is destroyed."""

    def close(*_: object) -> None:
        for child in children:
            child.close()

    return close


def _batch_order(inputs: list[Input], choices: Choices, out: Path, options: PredictOptions) -> BatchOrder:
    """Order for several images; pixels that are in no file are written first."""
    return batch_order([open_order(chosen, choices) for chosen in inputs], out, options)

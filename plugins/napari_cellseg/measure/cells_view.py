"""The table of cells: sort, choose a range, go to a cell, colour, save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_info
from qtpy.QtCore import QItemSelectionModel, QSignalBlocker
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cellseg import CellTable
from napari_cellseg.camera import look_at
from napari_cellseg.measure.calculator import Answer, Calculator
from napari_cellseg.measure.cell_filter import MEASURE_FIRST, CellFilter
from napari_cellseg.measure.histogram import Histogram
from napari_cellseg.measure.measuring import Measuring, shown_place
from napari_cellseg.measure.model import CellModel
from napari_cellseg.measure.overlays import (
    outline_cell,
)
from napari_cellseg.measure.shading import Shading
from napari_cellseg.measure.table import title
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.widgets import button, text_line

_DIGITS = 4
LINES_MEASURED = 20
"""Lines by which the columns get their widths; Qt looks at 1000."""


class CellsView(QWidget):
    """Table of the measured cells."""

    def __init__(self, viewer: ViewerModel, measuring: Measuring, calculator: Calculator) -> None:
        super().__init__()
        self._viewer, self._measuring, self._calculator = viewer, measuring, calculator
        self._filter = CellFilter()
        self._own_choice = False
        self._shading = Shading(viewer, measuring, calculator, self._filter, self)
        self._build()
        measuring.changed.connect(self.refresh)
        viewer.mouse_drag_callbacks.append(self._on_clicked)

    @property
    def table(self) -> CellTable:
        return self._measuring.table

    def refresh(self) -> None:
        """Show the table as it is now."""
        new = self._filter.take(self.table)
        if new:
            with QSignalBlocker(self._column):
                self._column.clear()
                for column in self._filter.columns:
                    self._column.addItem(title(column), column)
                self._column.setCurrentIndex(self._column.findData(self._filter.column))
        self._show_column()
        self._show_rows()
        if new:
            self._view.resizeColumnsToContents()

    def select_cell(self, cell: int) -> None:
        """Select the row of a cell of the plane that is seen; the camera stays."""
        layer = self._measuring.layer
        if layer is None or self._own_choice:
            return
        row = self._measuring.row_of(cell, shown_place(self._viewer, layer, len(self._measuring.grid.spacing)))
        if row is not None:
            self._select_row(row)

    def save(self, path: Path) -> None:
        """Write all rows that are shown as CSV."""
        self._write(path, ",", lambda answer: show_info(f"saved {answer['path']}"))

    def copy(self) -> None:
        """Put the selected rows, or all that are shown, on the clipboard."""
        path = Path(gettempdir()) / f"cellseg-copied-{id(self)}.tsv"
        lines = sorted(index.row() for index in self._view.selectionModel().selectedRows())
        lines = lines if len(lines) > 1 else []
        self._write(path, "\t", partial(self._to_clipboard, path), lines)

    def close_down(self) -> None:
        """Follow the viewer no longer."""
        self._shading.close_down()
        if self._on_clicked in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_clicked)

    def _build(self) -> None:
        self._summary = text_line(MEASURE_FIRST)
        self._model = CellModel()
        self._view = QTableView()
        self._view.setModel(self._model)
        self._view.setSortingEnabled(True)
        self._view.horizontalHeader().setResizeContentsPrecision(LINES_MEASURED)
        self._view.setToolTip("A row a cell: choose one to go there, click a heading to sort")
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setMinimumHeight(160)
        self._view.verticalHeader().setVisible(False)
        self._view.verticalHeader().setDefaultSectionSize(22)
        self._view.selectionModel().currentRowChanged.connect(self._on_row_chosen)
        self._view.clicked.connect(self._on_row_chosen)
        self._column = QComboBox()
        self._column.setToolTip("The column whose distribution is shown, and by which cells are coloured")
        self._column.currentIndexChanged.connect(self._on_column_chosen)
        self._histogram = Histogram()
        self._histogram.range_changed.connect(self._choose_range)
        self._low, self._high = _spin("Least value"), _spin("Largest value")
        for spin in (self._low, self._high):
            spin.valueChanged.connect(lambda: self._choose_range(self._low.value(), self._high.value()))
        whole = button("All", "Choose the whole range again, of every column", self._choose_all)
        self._colour = QCheckBox("Colour the cells by this column")
        self._colour.setToolTip(
            "Shows the chosen cells in the viewer, from the least value (dark) to the largest (bright)"
        )
        self._colour.toggled.connect(self._shading.switch)
        save = button("Save as CSV ...", "Write the rows that are shown to a file", self._ask_and_save)
        copy = button("Copy", "Copy the selected rows, or all that are shown, for a spreadsheet", self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self._summary)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._column)
        layout.addWidget(self._histogram)
        layout.addLayout(_line(self._low, QLabel("to"), self._high, whole))
        layout.addWidget(self._colour)
        layout.addLayout(_line(save, copy))

    def _select_row(self, row: int) -> None:
        line = self._model.line_of(row)
        if line is None:
            return
        with QSignalBlocker(self._view.selectionModel()):
            index = self._model.index(line, 0)
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self._view.selectionModel().setCurrentIndex(index, flags)
        self._view.scrollTo(index)
        self._view.viewport().update()
        self._outline(row)

    def _on_row_chosen(self, current: Any, _: Any = None) -> None:
        """To the cell of a row."""
        layer = self._measuring.layer
        if layer is None or layer not in self._viewer.layers or not current.isValid():
            return
        row = self._model.row_of(current.row())
        look_at(self._viewer, layer.data_to_world(self._measuring.centre(row)))
        self._outline(row)
        self._own_choice = True
        try:
            layer.selected_label = int(self.table["cell"][row])
        finally:
            self._own_choice = False

    def _outline(self, row: int) -> None:
        layer = self._measuring.layer
        assert layer is not None
        place, box = self._measuring.place_of(row), self._measuring.box(row)
        outline_cell(self._viewer, layer, whole_of(layer), place, box, int(self.table["cell"][row]))

    def _on_clicked(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        """A click (not a drag) on a cell selects its row; brushes do as they do."""
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            yield
        layer = self._measuring.layer
        if not dragged and layer is not None and layer in viewer.layers:
            self._select_clicked(layer, event)

    def _select_clicked(self, layer: Labels, event: Any) -> None:
        if layer.mode not in ("pan_zoom", "pick"):
            return
        value = layer.get_value(event.position, view_direction=event.view_direction, world=True)
        value = value[1] if isinstance(value, tuple) else value
        if value:
            self.select_cell(int(value))

    def _on_column_chosen(self) -> None:
        self._filter.column = self._column.currentData()
        self._show_column()

    def _show_column(self) -> None:
        if not self._filter.columns:
            return
        (low, high), chosen = self._filter.limits, self._filter.chosen
        self._histogram.show_values(self.table[self._filter.column], chosen)
        for spin, value in zip((self._low, self._high), chosen, strict=True):
            with QSignalBlocker(spin):
                spin.setDecimals(0 if abs(high - low) > 10**_DIGITS else _DIGITS)
                spin.setRange(low - 1e-4, high + 1e-4)
                spin.setSingleStep((high - low) / 50 or 1)
                spin.setValue(value)
        self._shading.follow()

    def _choose_range(self, low: float, high: float) -> None:
        if not self._filter.columns:
            return
        chosen = self._filter.choose(low, high)
        self._histogram.show_range(*chosen)
        for spin, value in zip((self._low, self._high), chosen, strict=True):
            with QSignalBlocker(spin):
                spin.setValue(value)
        self._show_rows()

    def _choose_all(self) -> None:
        self._filter.choose_all()
        self._show_column()
        self._show_rows()

    def _show_rows(self) -> None:
        """Show the cells that are in range."""
        self._model.show(self.table, self._filter.rows if self._filter.columns else None)
        self._summary.setText(self._filter.summary(self._measuring.grid, self._measuring.pixels))
        self._shading.follow()

    def _ask_and_save(self) -> None:
        if not len(self.table):
            show_info("There is nothing to save yet: press Measure.")
            return
        assert self._measuring.layer is not None
        name = f"{self._measuring.layer.name}-cells.csv"
        path, _ = QFileDialog.getSaveFileName(self, "Save the table", name, "CSV (*.csv)")
        if path:
            self.save(Path(path if Path(path).suffix else f"{path}.csv"))

    def _write(
        self, path: Path, delimiter: str, then: Callable[[Answer], None], lines: list[int] | None = None
    ) -> None:
        chosen = lines or range(self._model.rowCount())
        rows = [self._model.row_of(line) for line in chosen]
        table = replace(self.table, values=self.table.values[rows])
        told = {"columns": table.columns, "words": dict(table.words)}
        order: Answer = {"do": "write", "path": str(path), "delimiter": delimiter, **told}
        self._calculator.ask(order, {"values": lambda: table.values}, then)

    def _to_clipboard(self, path: Path, answer: Answer) -> None:
        text = path.read_text("utf-8")
        path.unlink()
        QApplication.clipboard().setText(text)
        show_info(f"copied {text.count(chr(10)) - 1} rows")


def _spin(tip: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setToolTip(f"{tip} of the cells that are shown")
    spin.setKeyboardTracking(False)
    spin.setMinimumWidth(60)
    return spin


def _line(*widgets: QWidget) -> QHBoxLayout:
    line = QHBoxLayout()
    for widget in widgets:
        line.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
    return line

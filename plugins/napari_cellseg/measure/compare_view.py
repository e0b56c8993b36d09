"""A segmentation held against the truth: scores, errors in colour, and a walk through them."""

from __future__ import annotations

from functools import partial
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_info, show_warning
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cellseg import CellTable, InputError, metrics
from napari_cellseg.camera import look_at
from napari_cellseg.measure.calculator import Answer, Calculator, taken
from napari_cellseg.measure.compare import ERROR_COLUMNS, ERROR_KINDS
from napari_cellseg.measure.compare_form import CompareForm
from napari_cellseg.measure.comparison import next_line, plan_comparison
from napari_cellseg.measure.measuring import shown_place
from napari_cellseg.measure.model import CellModel
from napari_cellseg.measure.overlays import ERRORS, colours_of_values, show_overlay
from napari_cellseg.measure.table import PlaneIndex, region
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.widgets import button, row, text_line

MEANING = {
    "true": "found (IoU 0.5 or more)",
    "missed": "only in the truth",
    "invented": "only in the segmentation",
    "split": "found in pieces",
    "merged": "found together with another",
}


class CompareView(QWidget):
    """Scores and errors."""

    def __init__(self, viewer: ViewerModel, calculator: Calculator) -> None:
        super().__init__()
        self._viewer, self._calculator = viewer, calculator
        self._shown: tuple[Labels, PlaneIndex, int] | None = None
        self._build()

    def refresh(self) -> None:
        """Follow the layers of the viewer."""
        self.form.refresh()

    def compare(self) -> None:
        """Compare the two layers that are chosen."""
        prediction, truth = self.form.prediction.layer, self.form.truth.layer
        seen = () if prediction is None else shown_place(self._viewer, prediction, 2)
        try:
            plan = plan_comparison(prediction, truth, self.form.scope.options, seen=seen)
        except InputError as error:
            show_warning(str(error))
            return
        arrays = {
            "prediction": region(whole_of(prediction), plan.prediction),
            "truth": region(whole_of(truth), plan.truth),
        }
        self._button.setEnabled(False)
        self._button.setText("Comparing ...")
        self._calculator.ask(plan.order, arrays, partial(self._on_compared, prediction, plan.prediction))

    def step(self, by: int) -> None:
        """To the next error, or the one before."""
        count = self._model.rowCount()
        if not count:
            show_info("There is no error to go to.")
            return
        self._view.selectRow(next_line(self._view.currentIndex().row(), count, by))

    def idle(self) -> None:
        """Ready for the next comparison."""
        self._button.setEnabled(True)
        self._button.setText("Compare")

    def _build(self) -> None:
        self.form = CompareForm(self._viewer)
        self._button = button("Compare", "Score the segmentation and show its errors in colour", self.compare)
        self._scores = QLabel()
        self._scores.setToolTip(
            "AP and F1 at an IoU threshold, panoptic quality, SEG of the Cell Tracking Challenge, IoU of all cells; "
            "V_rand where cells fill the image, as in electron microscopy. 1 is perfect."
        )
        self._scores.setTextFormat(Qt.TextFormat.RichText)
        self._scores.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._legend = text_line()
        self._model = CellModel({"state": _word})
        self._view = QTableView()
        self._view.setModel(self._model)
        self._view.setSortingEnabled(True)
        self._view.setToolTip("A row an error: choose one to go there")
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._view.verticalHeader().setVisible(False)
        self._view.verticalHeader().setDefaultSectionSize(22)
        self._view.setMinimumHeight(140)
        self._view.selectionModel().currentRowChanged.connect(self._on_row_chosen)
        back = button("◀ Error", "To the error before", partial(self.step, -1))
        on = button("Error ▶", "To the next error", partial(self.step, 1))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        for widget in (self.form, self._button, self._scores, self._legend):
            layout.addWidget(widget)
        layout.addWidget(row(back, on))
        layout.addWidget(self._view, 1)

    def _on_compared(self, prediction: Labels, place: PlaneIndex, answer: Answer) -> None:
        errors, states = taken(answer["errors"]), taken(answer["states"])
        self.idle()
        if prediction not in self._viewer.layers:
            return
        self._scores.setText(_as_table(answer["scores"]))
        self._legend.setText(_as_legend(answer["counts"]))
        self._model.show(CellTable(ERROR_COLUMNS, errors))
        self._view.resizeColumnsToContents()
        for column, name in enumerate(ERROR_COLUMNS):
            self._view.setColumnHidden(column, name == "z" or (name == "plane" and states.ndim == 2))
        self._view.clearSelection()
        start = (*place, *(0,) * states.ndim)
        colours = colours_of_values([*metrics.COLOURS.values()])
        data = states.reshape((1,) * len(place) + states.shape)
        layer = show_overlay(self._viewer, prediction, ERRORS, data, start, colours, opacity=0.6)
        layer.features = {"index": [*range(1, len(MEANING) + 1)], "state": [*MEANING]}
        self._shown = (prediction, place, states.ndim)

    def _on_row_chosen(self, current: Any, _: Any = None) -> None:
        if self._shown is None or not current.isValid():
            return
        layer, place, sides = self._shown
        if layer in self._viewer.layers:
            line = self._model.row_of(current.row())
            inner = [float(self._model.table[axis][line]) for axis in ("plane", "y", "x")[-sides:]]
            look_at(self._viewer, layer.data_to_world((*place, *inner)))


def _word(state: float) -> str:
    return metrics.STATES[ERROR_KINDS[int(state) - 1]]


def _as_table(scores: dict[str, float]) -> str:
    rows = [f"<td>{name}&nbsp;&nbsp;</td><td align=right><b>{value:.3f}</b></td>" for name, value in scores.items()]
    half = (len(rows) + 1) // 2
    beside = [*rows[half:], *[""] * (2 * half - len(rows))]
    lines = (f"<tr>{a}<td>&nbsp;&nbsp;</td>{b}</tr>" for a, b in zip(rows[:half], beside, strict=True))
    return f"<table>{''.join(lines)}</table>"


def _as_legend(counts: dict[str, int]) -> str:
    colours = metrics.COLOURS
    return "<br>".join(
        f'<span style="color:{colours[word]}; font-size:large">■</span> <b>{counts[word]}</b> {word}: {meaning}'
        for word, meaning in MEANING.items()
    )

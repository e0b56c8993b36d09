"""The panel for measuring: a table of cells, and a comparison with the truth."""

from __future__ import annotations

from typing import Any

from napari.layers import Image, Labels, Layer
from napari.utils.notifications import show_warning
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_cellseg.measure.calculator import Calculator
from napari_cellseg.measure.cells_view import CellsView
from napari_cellseg.measure.choose import LayerField, LayersChoice, is_labels
from napari_cellseg.measure.compare_view import CompareView
from napari_cellseg.measure.measuring import Measuring
from napari_cellseg.measure.scope import ScopeForm
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.session import Session
from napari_cellseg.widgets import button, column, form, scrolled, text_line

ALL_AT_ONCE = 3
"""Axes of a stack whose planes or whose one volume are measured."""


class MeasurePanel(QWidget):
    """Panel for measuring."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, viewer = session, session.viewer
        self._calculator = Calculator()
        self._measuring = Measuring(viewer, self._calculator, self)
        self.cells = CellsView(viewer, self._measuring, self._calculator)
        self.comparison = CompareView(viewer, self._calculator)
        self._build()
        self._calculator.busy_changed.connect(self._busy)
        self._measuring.told.connect(self._tell)
        for event in (viewer.layers.events.inserted, viewer.layers.events.removed):
            event.connect(self._follow_layers)
        for layer in viewer.layers:
            self._follow(layer)
        session.signals.annotation_changed.connect(self._measuring.edited)
        calculator, measuring = self._calculator, self._measuring
        self.destroyed.connect(calculator.close)
        self.destroyed.connect(measuring.stop)
        QApplication.instance().aboutToQuit.connect(calculator.close)
        self._choose_active()
        self._refresh()

    def measure(self) -> None:
        """Measure the layer that is chosen."""
        layer = self._labels.layer
        if layer is None:
            show_warning("There is no Labels layer to measure: segment an image or annotate one.")
            return
        scope = self._scope.options
        together = scope.together
        everywhere = scope.everywhere or (together == ALL_AT_ONCE and layer.ndim > ALL_AT_ONCE)
        self._measuring.start(layer, self._images.layers, together, everywhere)

    def _build(self) -> None:
        viewer = self._session.viewer
        self._labels = LayerField(viewer, is_labels, "The cells that are measured")
        self._images = LayersChoice(viewer, self._fits, "Images in which the brightness of each cell is measured")
        self._scope = ScopeForm()
        rows = form()
        rows.addRow("Cells", self._labels.native)
        rows.addRow("Brightness in", self._images)
        rows.addRow(self._scope)
        self._labels.changed.connect(self._refresh)
        measure = button("Measure", "Measure size, shape and brightness of every cell", self.measure)
        live = QCheckBox("follow strokes")
        live.setToolTip("Measure a cell again as soon as a stroke has changed it")
        live.setChecked(True)
        live.toggled.connect(lambda on: setattr(self._measuring, "live", on))
        self._status = QLabel()
        self._status.setVisible(False)
        self._hint = text_line()
        line = QHBoxLayout()
        line.addWidget(measure, 1)
        line.addWidget(live)
        page = QWidget()
        above = QVBoxLayout(page)
        above.setContentsMargins(4, 4, 4, 4)
        above.addLayout(rows)
        above.addLayout(line)
        above.addWidget(self._hint)
        above.addWidget(self._status)
        above.addWidget(self.cells, 1)
        tabs = QTabWidget()
        for widget, title, tip in (
            (page, "Cells", "A table of cells: size, shape, brightness"),
            (self.comparison, "Compare with the truth", "Scores, and errors in colour"),
        ):
            tabs.setTabToolTip(tabs.addTab(scrolled(widget, sideways=True), title), tip)
        column(tabs, parent=self)

    def _fits(self, layer: Layer) -> bool:
        labels = self._labels.layer
        if not isinstance(layer, Image) or layer.rgb or labels is None:
            return False
        return bool(whole_of(layer).shape == whole_of(labels).shape)

    def _follow_layers(self, event: Any) -> None:
        if hasattr(event, "value") and isinstance(event.value, Layer):
            self._follow(event.value)
        if self._measuring.layer is not None and self._measuring.layer not in self._session.viewer.layers:
            self._measuring.forget()
        self._labels.refresh()
        self._refresh()

    def _follow(self, layer: Layer) -> None:
        layer.events.name.connect(self._renamed)
        if isinstance(layer, Labels):
            layer.events.selected_label.connect(self._picked)

    def _renamed(self) -> None:
        self._labels.refresh()
        self._refresh()

    def _picked(self, event: Any) -> None:
        if self._measuring.layer is not None and event.source is self._measuring.layer:
            self.cells.select_cell(int(event.source.selected_label))

    def _refresh(self) -> None:
        layer = self._labels.layer
        self._scope.follow(layer)
        self._images.refresh()
        self.comparison.refresh()
        lost = layer is not None and str(layer.units[-1]) == "pixel" and any(step != 1 for step in layer.scale)
        self._hint.setVisible(lost)
        self._hint.setText("The layer has a scale without a unit: lengths are in pixels. Set layer.units to 'um'.")

    def _tell(self, words: str) -> None:
        self._status.setText(words)
        self._status.setVisible(bool(words))

    def _choose_active(self) -> None:
        layer = self._session.labels()
        if layer is not None:
            self._labels.choose(layer)

    def _busy(self, busy: bool) -> None:
        if not busy:
            self.comparison.idle()

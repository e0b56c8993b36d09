"""The sliders that make cells of probabilities, made from the options of `cellseg predict`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QWidget
from superqt import QLabeledDoubleSlider, QLabeledSlider

from cellseg.options import PredictOptions
from napari_cellseg.widgets import combo, form

MOST_PIXELS, MOST_DIAMETER = 2000, 500


class CutControls(QWidget):
    """Threshold, smallest size, holes, splitting, linking."""

    changed = Signal()
    """Something was moved by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(0.01, 0.99)
        self.threshold.setDecimals(2)
        self.threshold.setSingleStep(0.01)  # type: ignore[arg-type]
        self.threshold.setToolTip("Probability from which on a pixel belongs to a cell.")
        self.minimum_size = _pixels("Smaller cells are left out, in pixels.")
        self.fill_holes = _pixels("Holes of at most that many pixels are filled; not those at the edge of the image.")
        self.split = QCheckBox("Cut touching cells apart")
        self.split.setToolTip("Cells that touch are cut at the necks of their shape (watershed).")
        self.diameter = _pixels("Usual diameter of a cell in pixels, for cutting; 0 = each part's own.")
        tip = (
            "Through the planes of a stack or the frames of a film: a cell keeps its number where it "
            "covers itself. Seen after Apply."
        )
        self.link = combo(tip, {"none": "each plane by itself", "overlap": "a cell keeps its number"})
        self.link_overlap = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.link_overlap.setRange(0.01, 1)
        self.link_overlap.setDecimals(2)
        self.link_overlap.setValue(PredictOptions().link_overlap)
        self.link_overlap.setToolTip("Shared part (intersection over union) from which on two are one cell.")
        self._form = form(self)
        self._form.addRow("Threshold", self.threshold)
        self._form.addRow("Smallest cell", self.minimum_size)
        self._form.addRow("Fill holes", self.fill_holes)
        self._form.addRow(self.split)
        self._form.addRow("Diameter", self.diameter)
        self._form.addRow("Planes", self.link)
        self._form.addRow("Overlap", self.link_overlap)
        for slider in (self.threshold, self.minimum_size, self.fill_holes, self.diameter, self.link_overlap):
            slider.valueChanged.connect(self._tell)
        self.split.toggled.connect(self._tell)
        self.link.currentIndexChanged.connect(self._tell)
        self._quiet = False
        self.adapt({"threshold": 0.5, "minimum_size": 0, "fill_holes": 0, "split": 0.0}, stack=False)

    def adapt(self, stored: Mapping[str, Any], *, stack: bool) -> None:
        """Begin with what is stored with a model."""
        self._quiet = True
        self.threshold.setValue(stored["threshold"])
        self.split.setChecked(bool(stored["split"]))
        sizes = ((self.minimum_size, "minimum_size"), (self.fill_holes, "fill_holes"), (self.diameter, "split"))
        for slider, name in sizes:
            size = round(stored[name])
            # 0 means what is stored with the model: where there is something, 1 is "every cell" and "no hole"
            slider.setMinimum(1 if size else 0)
            slider.setMaximum(max(MOST_DIAMETER if slider is self.diameter else MOST_PIXELS, 4 * size))
            slider.setValue(size)
        self._form.setRowVisible(self.link, stack)
        self._quiet = False
        self._fold()

    def options(self) -> dict[str, Any]:
        """Fields of PredictOptions."""
        found: dict[str, Any] = {"threshold": round(self.threshold.value(), 2)}
        found |= {"minimum_size": self.minimum_size.value(), "fill_holes": self.fill_holes.value(), "split": "none"}
        if self.split.isChecked():
            found |= {"split": "watershed", "object_diameter": float(self.diameter.value()) or "auto"}
        if self.link.currentData() == "overlap" and self._form.isRowVisible(self.link):
            found |= {"link": "overlap", "link_overlap": round(self.link_overlap.value(), 2)}
        return found

    def _fold(self) -> None:
        linked = self._form.isRowVisible(self.link) and self.link.currentData() == "overlap"
        self._form.setRowVisible(self.diameter, self.split.isChecked())
        self._form.setRowVisible(self.link_overlap, linked)

    def _tell(self) -> None:
        self._fold()
        if not self._quiet:
            self.changed.emit()


def _pixels(help_text: str) -> Any:
    slider = QLabeledSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, MOST_PIXELS)
    slider.setToolTip(help_text)
    return slider

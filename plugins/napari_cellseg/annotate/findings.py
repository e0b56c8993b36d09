"""Findings of the label doctor: a button that asks, and a list that leads to them."""

from __future__ import annotations

from napari.utils.notifications import show_warning
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QWidget

import cellseg
from napari_cellseg.annotate.annotator import Annotator
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.diagnosis import Diagnosis
from napari_cellseg.annotate.doctor import Line, Spot
from napari_cellseg.annotate.legend import icon
from napari_cellseg.annotate.places import image_of
from napari_cellseg.annotation import is_annotation
from napari_cellseg.widgets import column, slim_button, text_line

_COLOURS = {"error": (0.84, 0.37, 0.0, 1.0), "warning": (0.90, 0.62, 0.0, 1.0), "note": (0.34, 0.71, 0.91, 1.0)}
SPOT_PX = 48
"""Half a side of what is shown around a finding."""


class FindingsView(QWidget):
    """Findings of the annotation in hand."""

    def __init__(self, annotator: Annotator, *, above: int) -> None:
        """`above`: pixels that stay free."""
        super().__init__()
        self._annotator = annotator
        self._diagnosis = Diagnosis()
        tip = "Has the label doctor look for specks, cells in two pieces and other slips."
        self.check = slim_button("Check the annotation", tip, self._diagnose)
        self._verdict = text_line()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setMinimumHeight(110)
        self.list.setMaximumHeight(220)
        self.list.setToolTip("Click on a line to go there.")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._go_to)
        self._verdict.hide()
        self.list.hide()
        column(self.check, self._verdict, self.list, parent=self, above=above)
        self._diagnosis.found.connect(self._show)
        self._diagnosis.failed.connect(self._on_failed)
        self.destroyed.connect(self._diagnosis.close)

    def refresh(self) -> None:
        """Follow the annotation in hand."""
        target = self._annotator.target
        annotated = target is not None and is_annotation(target.layer)
        self.check.setEnabled(annotated and not self._diagnosis.running)

    def _diagnose(self) -> None:
        target = self._annotator.target
        if target is None:
            return
        try:
            self._diagnosis.start(target, image_of(list(self._annotator.viewer.layers), target))
        except cellseg.InputError as error:
            show_warning(str(error))
            return
        self.check.setEnabled(False)
        self.list.hide()
        self._verdict.setText("The label doctor is looking ...")
        self._verdict.show()

    def _show(self, verdict: str, found: list[Line]) -> None:
        self.list.clear()
        for line in found:
            self.list.addItem(_item(line))
        self.list.setVisible(bool(found))
        self._verdict.setText(verdict if found else f"{verdict}; nothing was found")
        self.check.setEnabled(True)

    def _on_failed(self, why: str) -> None:
        self._verdict.setText("")
        self._verdict.hide()
        self.check.setEnabled(True)
        show_warning(why)

    def _go_to(self, item: QListWidgetItem) -> None:
        spot = item.data(Qt.ItemDataRole.UserRole)
        target = self._annotator.target
        if isinstance(spot, Spot) and target is not None:
            pixel = PlaneBox(spot.row, spot.column, spot.row + 1, spot.column + 1)
            self._annotator.look_at(spot.plane, pixel.grown(SPOT_PX, target.shape[1:]))


def _item(line: Line) -> QListWidgetItem:
    item = QListWidgetItem(line.text if line.severity else f"    {line.text}")
    item.setToolTip(f"{line.severity}: {line.remedy}" if line.severity else line.remedy or "Click to go there.")
    item.setData(Qt.ItemDataRole.UserRole, line.spot)
    if line.severity:
        item.setIcon(icon(_COLOURS[line.severity]))
    return item

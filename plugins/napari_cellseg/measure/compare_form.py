"""The form of a comparison: two layers of labels, and which part of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_cellseg.measure.choose import LayerField, is_labels
from napari_cellseg.measure.scope import ScopeForm
from napari_cellseg.widgets import form

if TYPE_CHECKING:
    from napari.components import ViewerModel

TRUTH_TIP = "What is right; of annotations only what was annotated counts"


class CompareForm(QWidget):
    """A segmentation, the truth, and the part of them that is compared."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.prediction = LayerField(viewer, is_labels, "The segmentation that is judged")
        self.truth = LayerField(viewer, is_labels, TRUTH_TIP)
        self.scope = ScopeForm()
        rows = form(self)
        rows.addRow("Segmentation", self.prediction.native)
        rows.addRow("Truth", self.truth.native)
        rows.addRow(self.scope)
        self.prediction.changed.connect(self._follow)

    def refresh(self) -> None:
        """Follow the layers of the viewer; the two are not one where there are two."""
        self.prediction.refresh()
        self.truth.refresh()
        if self.truth.layer is self.prediction.layer:
            self.truth.choose_other()
        self._follow()

    def _follow(self) -> None:
        self.scope.follow(self.prediction.layer)

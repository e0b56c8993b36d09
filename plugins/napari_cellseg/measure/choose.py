"""Lists of layers to choose from, which follow the viewer."""

from __future__ import annotations

from collections.abc import Callable

from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox, QListWidget, QListWidgetItem

from napari_cellseg.session import is_made

OWN = "napari_cellseg.measure"
"""In the metadata of layers that this panel made; they are never measured."""
Fits = Callable[[Layer], bool]


def candidates(viewer: ViewerModel, fits: Fits) -> list[Layer]:
    """The layers that may be chosen, the one on top first."""
    return [layer for layer in reversed(viewer.layers) if OWN not in layer.metadata and fits(layer)]


class LayerChoice(QComboBox):
    """One layer of those that fit."""

    chosen = Signal()

    def __init__(self, viewer: ViewerModel, fits: Fits, tip: str) -> None:
        super().__init__()
        self._viewer, self._fits = viewer, fits
        self._layers: list[Layer] = []
        self.setToolTip(tip)
        self.setMinimumWidth(80)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentIndexChanged.connect(self.chosen)
        self.refresh()

    @property
    def layer(self) -> Layer | None:
        return self._layers[self.currentIndex()] if 0 <= self.currentIndex() < len(self._layers) else None

    def choose(self, layer: Layer) -> None:
        """Choose a layer; one that does not fit is left."""
        if layer in self._layers:
            self.setCurrentIndex(self._layers.index(layer))

    def refresh(self) -> None:
        """Follow the viewer; what was chosen stays chosen."""
        before = self.layer
        with QSignalBlocker(self):
            self._layers = candidates(self._viewer, self._fits)
            self.clear()
            self.addItems([layer.name for layer in self._layers])
            if before in self._layers:
                self.setCurrentIndex(self._layers.index(before))
        if self.layer is not before:
            self.chosen.emit()


class LayersChoice(QListWidget):
    """Any of the layers that fit, with a tick each."""

    chosen = Signal()
    LINES = 3

    def __init__(self, viewer: ViewerModel, fits: Fits, tip: str) -> None:
        super().__init__()
        self._viewer, self._fits = viewer, fits
        self._layers: list[Layer] = []
        self._off: set[Layer] = set()
        self._known: set[Layer] = set()
        self.setToolTip(tip)
        self.itemChanged.connect(self._remember)
        self.refresh()

    @property
    def layers(self) -> list[Layer]:
        """Those with a tick."""
        return [layer for layer in self._layers if layer not in self._off]

    def refresh(self) -> None:
        """Follow the viewer; a new layer has a tick, but not one that shows what a network found."""
        before = self.layers
        with QSignalBlocker(self):
            self._layers = candidates(self._viewer, self._fits)
            self._off.update(layer for layer in self._layers if layer not in self._known and is_made(layer))
            self._known.update(self._layers)
            self.clear()
            for layer in self._layers:
                item = QListWidgetItem(layer.name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked if layer in self._off else Qt.CheckState.Checked)
                self.addItem(item)
        line = self.sizeHintForRow(0) if self._layers else self.fontMetrics().height()
        self.setFixedHeight(max(min(len(self._layers), self.LINES), 1) * line + 6)
        if self.layers != before:
            self.chosen.emit()

    def _remember(self, item: QListWidgetItem) -> None:
        layer = self._layers[self.row(item)]
        (self._off.discard if item.checkState() == Qt.CheckState.Checked else self._off.add)(layer)
        self.chosen.emit()

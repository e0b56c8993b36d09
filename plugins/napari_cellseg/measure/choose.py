"""Lists of layers to choose from, which follow the viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_cellseg.forms.fields import slim
from napari_cellseg.session import is_made

OWN = "napari_cellseg.measure"
"""In the metadata of layers that this panel made; they are never measured."""
Fits = Callable[[Layer], bool]


def candidates(viewer: ViewerModel, fits: Fits) -> list[Layer]:
    """The layers that may be chosen, the one on top first."""
    return [layer for layer in reversed(viewer.layers) if OWN not in layer.metadata and fits(layer)]


def is_labels(layer: Layer) -> bool:
    """True if a layer holds labels."""
    return isinstance(layer, Labels)


class LayerField(ComboBox):
    """One of the layers that fit."""

    def __init__(self, viewer: ViewerModel, fits: Fits, tip: str) -> None:
        self._viewer, self._fits = viewer, fits
        super().__init__(choices=self._named, tooltip=tip)
        slim(self)

    @property
    def layer(self) -> Any:
        """The layer that is chosen, None where none fits."""
        return self.value

    def choose(self, layer: Layer) -> None:
        """Choose a layer; one that does not fit is left."""
        if layer in self.choices:
            self.value = layer

    def choose_other(self) -> None:
        """Choose another layer, where there is one: the topmost, or the next."""
        others = [layer for layer in self.choices[:2] if layer is not self.layer]
        if others:
            self.value = others[0]

    def refresh(self) -> None:
        """Follow the viewer; what was chosen stays chosen."""
        before = self.layer
        with self.changed.blocked():
            self.choices = ()
            self.reset_choices()
            self.choose(before)
        if self.layer is not before:
            self.changed.emit(self.layer)

    def _named(self, _field: Any) -> list[tuple[str, Layer]]:
        return [(layer.name, layer) for layer in candidates(self._viewer, self._fits)]


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
        self._layers = candidates(self._viewer, self._fits)
        self._off.update(layer for layer in self._layers if layer not in self._known and is_made(layer))
        self._known.update(self._layers)
        with QSignalBlocker(self):
            self._list()
        if self.layers != before:
            self.chosen.emit()

    def _list(self) -> None:
        self.clear()
        for layer in self._layers:
            item = QListWidgetItem(layer.name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if layer in self._off else Qt.CheckState.Checked)
            self.addItem(item)
        line = self.sizeHintForRow(0) if self._layers else self.fontMetrics().height()
        self.setFixedHeight(max(min(len(self._layers), self.LINES), 1) * line + 6)

    def _remember(self, item: QListWidgetItem) -> None:
        layer = self._layers[self.row(item)]
        (self._off.discard if item.checkState() == Qt.CheckState.Checked else self._off.add)(layer)
        self.chosen.emit()

"""Lines and frames drawn over the image for a while: a cut as it is drawn, a place that is suggested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes

from napari_cellseg.annotation import what_of
from napari_cellseg.camera import camera

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellseg.annotate.box import PlaneBox

_NAME = "cellseg: marks"
COLOUR = "#ffffff"
_WIDTH_PX = 2.0
"""On the screen."""


class Marks:
    """One Shapes layer on top of a Labels layer, made when something is to be shown."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer

    def line(self, labels: Labels, points: NDArray[np.float64]) -> None:
        """Show a drawn line of points (n, 2), rows and columns."""
        self._show(labels, points, "path")

    def frame(self, labels: Labels, box: PlaneBox) -> None:
        """Show a window."""
        top, left, bottom, right = box.top - 0.5, box.left - 0.5, box.bottom - 0.5, box.right - 0.5
        corners = np.array([(top, left), (top, right), (bottom, right), (bottom, left)])
        self._show(labels, corners, "rectangle")

    def clear(self) -> None:
        """Show nothing. The layer is hidden and not removed: vispy crashes when it draws after that."""
        layer = self._layer()
        if layer is not None:
            layer.visible = False

    def _layer(self) -> Any:
        return next((layer for layer in self._viewer.layers if what_of(layer) == "marks"), None)

    def _show(self, labels: Labels, points: NDArray[np.float64], kind: str) -> None:
        layer = self._layer() or self._add(labels)
        layer.scale, layer.translate = labels.scale[-2:], labels.translate[-2:]
        layer.data = []
        layer.visible = True
        width = _WIDTH_PX / camera(self._viewer).zoom / float(np.abs(labels.scale[-2:]).min())
        layer.add([points], shape_type=kind, edge_width=width, edge_color=COLOUR, face_color="transparent")

    def _add(self, labels: Labels) -> Shapes:
        active = self._viewer.layers.selection.active
        layer = Shapes(ndim=2, name=_NAME, units=labels.units[-2:], metadata={"cellseg": {"what": "marks"}})
        self._viewer.add_layer(layer)
        layer.editable = False
        self._viewer.layers.selection.active = active
        return layer

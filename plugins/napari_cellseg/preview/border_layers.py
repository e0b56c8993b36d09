"""The layers that show weights and separating borders of a field."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_cellseg.preview.seen import affine_on
from napari_cellseg.preview.weights import BordersPreview
from napari_cellseg.session import PREVIEW

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NAMES = {"weights": "border weights", "borders": "separating borders"}
_COLOURS = {"weights": "inferno", "borders": "cyan"}


class BorderLayers:
    """At most one layer of each kind, which is used again."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[str, Image] = {}
        self.placing = False
        """A layer of another size makes napari slice all others anew, which is no change of theirs."""

    def show(self, made: BordersPreview, labels: Labels, wanted: Collection[str], w0: float) -> None:
        """Show kinds of `_NAMES` where the labels are; the largest weight that is expected follows from w0."""
        matrix = affine_on(labels, made.window.origin, made.window.step)
        limits = {"weights": (0, 1.5 * w0 + 2), "borders": (0, 1)}
        self.placing = True
        for what in wanted:
            pixels = getattr(made, what)
            if what in self._layers:
                _update(self._layers[what], pixels, matrix)
            else:
                self._add(what, pixels, matrix, limits[what])
        self.placing = False

    def remove(self, what: str) -> None:
        """Remove a layer, if there is one."""
        if what in self._layers:
            self._viewer.layers.remove(self._layers[what])

    def forget(self, layer: Any) -> list[str]:
        """A layer was removed: what it showed."""
        gone = [what for what, mine in self._layers.items() if mine is layer]
        for what in gone:
            del self._layers[what]
        return gone

    def _add(self, what: str, pixels: NDArray[Any], matrix: NDArray[np.float64], limits: tuple[float, float]) -> None:
        self._layers[what] = layer = Image(
            pixels,
            name=_NAMES[what],
            affine=matrix,
            colormap=_COLOURS[what],
            contrast_limits=limits,
            blending="additive",
            metadata={"cellseg": {"what": PREVIEW}},
        )
        layers = self._viewer.layers
        active = layers.selection.active
        layers.append(layer)
        layers.selection.active = active


def _update(layer: Image, pixels: NDArray[Any], matrix: NDArray[np.float64]) -> None:
    """Show other pixels; of the same size at the same place (a slider moved) at the least cost for the window."""
    if layer.data.shape == pixels.shape:
        layer.data[:] = pixels
        layer.refresh(thumbnail=False, highlight=False, extent=False)
    else:
        layer.data = pixels
    if not np.array_equal(layer.affine.affine_matrix, matrix):
        layer.affine = matrix

"""The colours of an annotation as napari wants them."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray

from cellseg.arrays import UInt8
from napari_cellseg.project.colours import colour_number, palette


class AnnotationColormap(CyclicLabelColormap):
    """Colours of cells take turns, but that of background is never given to a cell.

    napari's own would give cell 256 the colour of background again, and a direct colormap has one colour for all
    values that it does not list.
    """

    def _data_to_texture(self, values: Any) -> Any:
        if values.dtype.itemsize <= 2:  # the card gets these as they are, with a table for every value
            return super()._data_to_texture(values)
        array = np.asarray(values)
        numbers = self._rows(array)
        return (np.where(array == self.selection, numbers, 0).astype(np.uint8) if self.use_selection else numbers)[()]

    def _map_without_cache(self, values: Any) -> Any:
        return np.asarray(self.colors)[self._rows(values)]

    def _rows(self, values: NDArray[Any]) -> UInt8:
        """Row of the palette for each value."""
        return colour_number(values)


def has_own_colours(layer: Labels) -> bool:
    """True if a layer has the colours of an annotation: to give them anew is to draw the whole plane anew."""
    return isinstance(layer.colormap, AnnotationColormap)


def annotation_colormap() -> AnnotationColormap:
    """A colormap for one layer; napari keeps the selected label in it."""
    return AnnotationColormap(colors=palette(), background_value=0)

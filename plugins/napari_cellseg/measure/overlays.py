"""Overlays of this panel in the viewer: the outline of a cell, and cells in colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.colormaps import CyclicLabelColormap, ensure_colormap
from numpy.typing import NDArray

from napari_cellseg.measure.choose import OWN
from napari_cellseg.measure.table import PlaneIndex

OUTLINE, SHADES, ERRORS = "selected cell", "cells by value", "errors"
SHADE_STEPS = 64
"""Colours of a scale."""
YELLOW = "#F0E442"


def colours_of_values(colours: Sequence[Any]) -> CyclicLabelColormap:
    """Colours of the values from 1; 0 is transparent. (napari's table by value would be compiled for seconds.)"""
    return CyclicLabelColormap(colors=[np.zeros(4), *(to_rgba(colour) for colour in colours)])


def scale_of_colours() -> CyclicLabelColormap:
    """Values 1 to SHADE_STEPS from dark to bright, which people with any colour blindness can read."""
    return colours_of_values(ensure_colormap("viridis").map(np.linspace(0, 1, SHADE_STEPS)))


def show_overlay(
    viewer: ViewerModel,
    like: Layer,
    name: str,
    data: NDArray[Any],
    start: Sequence[float],
    colours: CyclicLabelColormap,
    **style: Any,
) -> Labels:
    """Show labels that lie on another layer's pixels from `start` on; the selected layer stays selected."""
    old = overlay(viewer, name)
    translate = np.asarray(like.translate) + np.asarray(like.scale) * np.asarray(start)
    if old is not None and old.ndim == data.ndim:
        old.data = data
        old.scale, old.translate, old.affine = like.scale, translate, like.affine
        old.visible = True
        return old
    remove_overlay(viewer, name)
    selected = set(viewer.layers.selection)
    layer = Labels(
        data,
        name=name,
        scale=like.scale,
        translate=translate,
        affine=like.affine,
        units=like.units,
        axis_labels=like.axis_labels,
        colormap=colours,
        metadata={OWN: name},
        **style,
    )
    layer.editable = False
    viewer.add_layer(layer)
    viewer.layers.selection = selected
    return layer


def overlay(viewer: ViewerModel, name: str) -> Labels | None:
    """The overlay of that name, where there is one."""
    return next((layer for layer in viewer.layers if layer.metadata.get(OWN) == name), None)


def remove_overlay(viewer: ViewerModel, name: str) -> None:
    """Remove an overlay, where there is one."""
    old = overlay(viewer, name)
    if old is not None:
        viewer.layers.remove(old)


def outline_cell(
    viewer: ViewerModel, layer: Labels, pixels: Any, place: PlaneIndex, box: tuple[slice, ...], cell: int
) -> None:
    """Draw a line around a cell.

    Args:
        viewer: where.
        layer: of the cell.
        pixels: its array.
        place: plane or volume.
        box: around the cell.
        cell: its number.
    """
    mask = np.asarray(pixels[(*place, *box)]) == cell
    data = np.pad(mask, 1).astype(np.uint8)
    start = (*place, *(axis.start - 1 for axis in box))
    data = data.reshape((1,) * len(place) + data.shape)
    show_overlay(viewer, layer, OUTLINE, data, start, colours_of_values([YELLOW]), opacity=1.0).contour = 2

"""The layer of the cells that a network finds while it is learning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import cellseg
from napari_cellseg.annotation import LIVE, notes_on, what_of
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.project.cell_classes import CellClassTable
from napari_cellseg.project.class_colours import colour_by_class

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

    from napari_cellseg.train.field import PlaneRegion

NAME = "cells as it learns"
_PLACED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def show_live_cells(viewer: ViewerModel, image: Image, part: PlaneRegion, file: Path) -> None:
    """Show cells of a region of an image, in one layer of the image's size, and nothing elsewhere.

    Args:
        viewer: where the image is seen.
        image: what they were found in.
        part: where in it.
        file: (h, w) cells that `numpy.load` reads, 0 = background.
    """
    layer = _layer_of(viewer, image) or _added(viewer, image)
    data = np.zeros(layer.data.shape, np.uint32)
    region: tuple[int | slice, ...] = (*part.plane, part.rows, part.columns)
    data[region] = np.load(file)
    layer.data = data
    found = cellseg.CellClasses.beside(file)
    if found is not None:
        colour_by_class(viewer, layer, CellClassTable(file, found.names, writable=False))


def _layer_of(viewer: ViewerModel, image: Image) -> Any:
    mine = (layer for layer in viewer.layers if what_of(layer) == LIVE)
    return next((layer for layer in mine if notes_on(layer).get("image") == notes_on(image).get("image")), None)


def _added(viewer: ViewerModel, image: Image) -> Labels:
    """A new layer beneath the annotation; whoever paints goes on painting."""
    from napari.layers import Labels

    pixels, notes = whole_of(image), {k: v for k, v in notes_on(image).items() if k != "channel"}
    layer = Labels(
        np.zeros(pixels.shape[:-1] if image.rgb else pixels.shape, np.uint32),
        name=f"{notes.get('image', image.name)}: {NAME}",
        opacity=0.4,
        metadata={"cellseg": {**notes, "what": LIVE}},
        **{name: getattr(image, name) for name in _PLACED},
    )
    selected = set(viewer.layers.selection)
    viewer.layers.insert(viewer.layers.index(image) + 1, layer)
    viewer.layers.selection = selected
    layer.contour = 1
    layer.editable = False
    return layer

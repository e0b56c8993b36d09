"""Beginning of an annotation where there is no project: an image, or labels that there are."""

from __future__ import annotations

import numpy as np
from napari.layers import Image, Labels

from napari_cellseg.annotate.palette import annotation_colormap
from napari_cellseg.annotation import FIRST_CELL, is_annotation, notes_on


def empty_annotation(image: Image) -> Labels:
    """An empty annotation that lies over an image."""
    data = image.data[0] if image.multiscale else image.data
    shape = data.shape[:-1] if image.rgb else data.shape
    place = {"scale": image.scale, "translate": image.translate, "units": image.units}
    colours = annotation_colormap()  # at once, or all pixels are coloured with napari's own first
    kept = {"cellseg": {"image": notes_on(image).get("image", image.name), "what": "annotation"}}
    return Labels(np.zeros(shape, np.uint32), name=f"{image.name} annotation", metadata=kept, colormap=colours, **place)


def as_annotation(layer: Labels, cells_from: int) -> Labels:
    """Labels as an annotation.

    Args:
        layer: any labels.
        cells_from: 2 if they follow the values of an annotation, and become one; 1 if 1 is a cell: then a copy is made
            whose cells have the next number.
    """
    kept = {**notes_on(layer), "what": "annotation"}
    if cells_from == FIRST_CELL:
        layer.metadata["cellseg"] = kept
        return layer
    values = np.asarray(layer.data).astype(np.uint32)
    values[values > 0] += FIRST_CELL - cells_from
    place = {"scale": layer.scale, "translate": layer.translate, "units": layer.units}
    return Labels(values, name=f"{layer.name} annotation", metadata={"cellseg": kept}, **place)


def is_painted(layer: object) -> bool:
    """True if a thing is a layer that is annotated."""
    return isinstance(layer, Labels) and is_annotation(layer)

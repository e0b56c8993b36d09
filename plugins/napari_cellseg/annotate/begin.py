"""Beginning of an annotation where there is no project: an image, or labels that there are."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from napari.layers import Image, Labels

import cellseg
from napari_cellseg.annotation import FIRST_CELL, RESULT, is_annotation, is_result, notes_on
from napari_cellseg.pixels.layer_files import named_file
from napari_cellseg.project.palette import annotation_colormap
from napari_cellseg.project.recovery import annotation_store, recovery_place


def empty_annotation(image: Image) -> Labels:
    """An empty annotation that lies over an image."""
    data = image.data[0] if image.multiscale else image.data
    shape = data.shape[:-1] if image.rgb else data.shape
    place = {"scale": image.scale, "translate": image.translate, "units": image.units}
    colours = annotation_colormap()  # at once, or all pixels are coloured with napari's own first
    notes = {"image": notes_on(image).get("image", image.name), "what": "annotation"}
    data, more = _pixels(image, tuple(int(length) for length in shape))
    kept = {"cellseg": {**notes, **more}}
    return Labels(data, name=f"{image.name} annotation", metadata=kept, colormap=colours, **place)


def _pixels(image: Image, shape: tuple[int, ...]) -> tuple[Any, dict[str, str]]:
    """Pixels with nothing on them, and notes: on disk, so that a crash takes no stroke, if the image is in a file."""
    file = named_file(image)
    if file is not None:
        with suppress(OSError, cellseg.InputError):  # a home that cannot be written, a full disk
            folder = recovery_place(file)
            return annotation_store(folder, shape), {"recovery": str(folder)}
    return np.zeros(shape, np.uint32), {}


def mark(layer: Labels, cells_from: int) -> None:
    """Say what the values of labels mean; they are edited where they are.

    Args:
        layer: any labels.
        cells_from: 2 if they have the values of an annotation, 1 if 1 is a cell and 0 background.
    """
    what = "annotation" if cells_from == FIRST_CELL else RESULT
    layer.metadata["cellseg"] = {**notes_on(layer), "what": what}


def is_painted(layer: object) -> bool:
    """True if a thing is a layer that is annotated."""
    return isinstance(layer, Labels) and is_annotation(layer)


def can_be_corrected(layer: object) -> bool:
    """True if a thing is a layer of cells that were found, and can be corrected."""
    return isinstance(layer, Labels) and is_result(layer) and not layer.multiscale

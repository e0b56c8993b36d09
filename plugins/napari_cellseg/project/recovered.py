"""Layers of what an earlier window left unsaved of an image that is in no project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.layers import Image, Labels

from napari_cellseg.annotation import RESULT, notes_on
from napari_cellseg.pixels.pyramid import kept_pictures
from napari_cellseg.project.corrections import cells_of
from napari_cellseg.project.layers import make_ready
from napari_cellseg.project.own_cells import own_cells_in
from napari_cellseg.project.recovery import kept_annotation

ANNOTATION = "annotation"


def recovered_layers(image: Image, folder: Path) -> list[Labels]:
    """Cells, with their corrections, and annotation, over the image that they belong to; lowest first.

    Args:
        image: layer that shows the image, or a channel of it.
        folder: see `recovery.unsaved_of`.
    """
    own = [(name, cells, RESULT) for name, cells in own_cells_in(folder, writable=True)]
    found: list[tuple[str, Any, str]] = [*_results(folder), *own]
    annotation = kept_annotation(folder)
    if annotation is not None:
        found.append((ANNOTATION, annotation, ANNOTATION))
    return [_layer(image, folder, *made) for made in found if made[1].ndim == image.ndim]


def _results(folder: Path) -> list[tuple[str, Any, str]]:
    shown = [cells_of(kept.levels, kept.folder, writable=True) for kept in kept_pictures(folder) if kept.role == RESULT]
    return [("cells", cells, RESULT) for cells, multiscale in shown if not multiscale]


def _layer(image: Image, folder: Path, name: str, cells: Any, what: str) -> Labels:
    known = str(notes_on(image).get("image", image.name))
    notes = {"cellseg": {"image": known, "what": what, "recovery": str(folder)}}
    place = {"scale": image.scale, "translate": image.translate, "units": image.units}
    layer = Labels(cells, name=f"{known}: {name}", metadata=notes, opacity=0.5, **place)
    make_ready(layer)
    return layer

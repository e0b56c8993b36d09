"""Cells of a layer go into the annotation of a project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import cellseg
from napari_cellseg.annotation import notes_on
from napari_cellseg.segment.annotation import Taken, as_annotation

if TYPE_CHECKING:
    from napari_cellseg.project.folder import Project
    from napari_cellseg.segment.field import Field

AREAS = {"field": "what is seen", "image": "the whole image", "cell": "only the selected cell"}
BAND = 1024
"""Rows that are taken at once."""
REASON = "before predicted cells were taken over"


def take_over(project: Project | None, layer: Any, area: str, seen: Field, *, replace: bool) -> Taken:
    """Put cells of a layer into the annotation of the image they belong to; the earlier state is kept.

    Args:
        project: the open project.
        layer: Labels of the whole image, (*lead, H, W).
        area: a name of `AREAS`.
        seen: what is seen of the image.
        replace: also over what is annotated already.

    Raises:
        InputError: no project, or the image is not in it.
    """
    image = _image(project, layer)
    assert project is not None
    data = layer.data[0] if layer.multiscale else layer.data
    labels = project.labels(image)
    project.keep(image, REASON)
    only = [int(layer.selected_label)] if area == "cell" else None
    after = 0 if replace and area == "image" else int(labels.max())
    ids: set[int] = set()
    pixels = 0
    for plane, rows, columns in _regions(data.shape, seen if area == "field" else None):
        lead = tuple(int(k) for k in np.unravel_index(plane, data.shape[:-2])) if data.ndim > 2 else ()
        there = (plane, rows, columns) if labels.ndim == 3 else (rows, columns)
        cells = np.asarray(data[(*lead, rows, columns)])
        new, taken = as_annotation(cells, labels[there], after=after, only=only, replace=replace)
        if taken.pixels:
            labels[there] = new
        ids |= taken.ids
        pixels += taken.pixels
    return Taken(frozenset(ids), pixels)


def _regions(shape: tuple[int, ...], seen: Field | None) -> Iterator[tuple[int, slice, slice]]:
    """Planes, rows and columns of the field, or of all planes in bands that are small enough for the memory."""
    if seen is not None:
        yield seen.plane, slice(*seen.rows), slice(*seen.columns)
        return
    for plane in range(int(np.prod(shape[:-2]))):
        for top in range(0, shape[-2], BAND):
            yield plane, slice(top, min(top + BAND, shape[-2])), slice(0, shape[-1])


def _image(project: Project | None, layer: Any) -> Any:
    if project is None:
        raise cellseg.InputError("no project is open", "Make one on the tab Annotate, or open one.")
    name = notes_on(layer).get("image", "")
    found = [image for image in project.images if image.name == name]
    if not found:
        raise cellseg.InputError(f"the image {name!r} is not in the project", "Add it to the project, then segment it.")
    if int(np.prod((layer.data[0] if layer.multiscale else layer.data).shape[:-2])) != found[0].shape[0]:
        raise cellseg.InputError(f"the cells do not have the planes of {name!r}", "Segment the image again.")
    return found[0]

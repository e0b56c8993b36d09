"""Cells of a layer go into the annotation of a project."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

import cellseg
from napari_cellseg.annotation import notes_on
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.segment.annotation import Taken, with_predicted

if TYPE_CHECKING:
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project
    from napari_cellseg.project.store import LabelStore
    from napari_cellseg.segment.field import Field

AREAS = {"field": "what is seen", "image": "the whole image", "cell": "only the selected cell"}
_BAND = 1024
"""Rows that are taken at once."""
_PlaneRegion = tuple[int, slice, slice]
"""A plane, rows and columns."""
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
    if project is None:
        raise cellseg.InputError("no project is open", "Make one on the tab Annotate, or open one.")
    image = _image(project, layer)
    data, labels = whole_of(layer), project.labels(image)
    project.keep(image, REASON)
    only = [int(layer.selected_label)] if area == "cell" else None
    after = _numbers_taken(labels, anew=replace and area == "image")
    convert = partial(with_predicted, after=after, only=only, replace=replace)
    regions = _field(seen) if area == "field" else _bands(data.shape)
    return Taken.together([_take_region(data, labels, region, convert) for region in regions])


def _numbers_taken(labels: LabelStore, *, anew: bool) -> int:
    """The largest number that new cells must not have; `anew`: all of the annotation is replaced."""
    return 0 if anew else int(labels.max())


def _take_region(data: Any, labels: LabelStore, region: _PlaneRegion, convert: Callable[..., Any]) -> Taken:
    plane, rows, columns = region
    lead = tuple(map(int, np.unravel_index(plane, data.shape[:-2]))) if data.ndim > 2 else ()
    there = region[-labels.ndim :]
    new, taken = convert(np.asarray(data[(*lead, rows, columns)]), labels[there])
    if taken.pixels:
        labels[there] = new
    return cast(Taken, taken)


def _field(seen: Field) -> list[_PlaneRegion]:
    return [(seen.plane, slice(*seen.rows), slice(*seen.columns))]


def _bands(shape: tuple[int, ...]) -> Iterator[_PlaneRegion]:
    """All planes in bands that are small enough for the memory."""
    for plane in range(int(np.prod(shape[:-2]))):
        for top in range(0, shape[-2], _BAND):
            yield plane, slice(top, min(top + _BAND, shape[-2])), slice(0, shape[-1])


def _image(project: Project, layer: Any) -> ProjectImage:
    name = notes_on(layer).get("image", "")
    image = next((image for image in project.images if image.name == name), None)
    if image is None:
        raise cellseg.InputError(f"the image {name!r} is not in the project", "Add it to the project, then segment it.")
    if math.prod(whole_of(layer).shape[:-2]) != image.shape[0]:
        raise cellseg.InputError(f"the cells do not have the planes of {name!r}", "Segment the image again.")
    return image

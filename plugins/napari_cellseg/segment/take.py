"""Cells of a layer go into the annotation of a project."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import Mask
from napari_cellseg.annotation import is_cell, notes_on
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.project.cell_classes import CellClassTable, classes_of
from napari_cellseg.project.covered import LEFT_OUT, numbers_of_covered
from napari_cellseg.segment.annotation import Taken, with_predicted

if TYPE_CHECKING:
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project
    from napari_cellseg.project.store import LabelStore
    from napari_cellseg.segment.field import Field

AREAS = {"field": "what is seen", "image": "the whole image", "cell": "only the selected cell"}
_BAND = 1024
"""Rows that are taken at once."""
_GOES_ON = 0.25
"""Part of the smaller of two outlines that the other one covers where they are of one cell, in neighbouring planes."""
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
    anew = replace and area == "image"  # nothing is left of the annotation
    convert = partial(with_predicted, after=0 if anew else int(labels.max()), only=only, replace=replace)
    taken = []
    regions = _regions(data, area, seen, only)
    pass_on = partial(_pass_classes, project, image, classes_of(layer, ()))
    for plane, of_plane in groupby(regions, lambda region: region[0]):
        numbers = {} if anew else _numbers(data, labels, plane)
        for region in of_plane:
            taken.append(_take_region(data, labels, region, partial(convert, numbers=numbers)))
            pass_on(plane, _cells(data, region), labels[region[-labels.ndim :]], taken[-1].ids)
        taken.append(_left_out(numbers, only))
    return Taken.together(taken)


def _pass_classes(
    project: Project,
    image: ProjectImage,
    known: CellClassTable | None,
    plane: int,
    found: NDArray[Any],
    now: NDArray[np.uint32],
    taken: Collection[int],
) -> None:
    """Give cells that were put into a region the classes that they were predicted as, where they have none."""
    if known is None or not project.classes or not taken:
        return
    table, names = project.cell_classes(image), project.classes
    mine = np.isin(found, [*taken]) & is_cell(now)
    pairs = np.unique(np.stack([found[mine].astype(np.int64), now[mine].astype(np.int64)]), axis=1).T.tolist()
    kinds = {(plane, number): known.name_of(plane, k) for k, number in pairs if not table.of(plane, number)}
    table.give({cell: names.index(name) + 1 for cell, name in kinds.items() if name in names})


def _numbers(data: Any, labels: LabelStore, plane: int) -> dict[int, int]:
    """Numbers that the predicted cells of a plane take from its annotation, of which no more is read than there is."""
    boxes = (labels.box(index)[-2:] for index in labels.annotated_blocks() if (0, *index)[-3] == plane)
    regions = [(plane, rows, columns) for rows, columns in boxes]
    return numbers_of_covered((_cells(data, region), labels[region[-labels.ndim :]]) for region in regions)


def _left_out(numbers: Mapping[int, int], only: Collection[int] | None) -> Taken:
    several = {k for k, number in numbers.items() if number == LEFT_OUT and (only is None or k in only)}
    return Taken(frozenset(), 0, len(several))


def _take_region(data: Any, labels: LabelStore, region: _PlaneRegion, convert: Callable[..., Any]) -> Taken:
    there = region[-labels.ndim :]
    old = labels[there]
    new, taken = convert(_cells(data, region), old)
    if taken.pixels:
        labels[there] = new
    return cast(Taken, taken)


def _cells(data: Any, region: _PlaneRegion) -> NDArray[Any]:
    """Predicted cells (h, w) of a region; the planes of (*lead, H, W) are counted through."""
    plane, rows, columns = region
    lead = tuple(map(int, np.unravel_index(plane, data.shape[:-2]))) if data.ndim > 2 else ()
    return np.asarray(data[(*lead, rows, columns)]).reshape(rows.stop - rows.start, columns.stop - columns.start)


def _regions(data: Any, area: str, seen: Field, only: Sequence[int] | None) -> Iterable[_PlaneRegion]:
    """Regions of an area, those of a plane one after the other."""
    if area == "field":
        return _field(seen)
    planes = None if only is None else set(planes_of_cell(data, only[0], seen.plane))
    return (region for region in _bands(data.shape) if planes is None or region[0] in planes)


def planes_of_cell(data: Any, number: int, plane: int) -> list[int]:
    """Planes of the cell that has a number in one plane; often that one alone, where each plane is numbered by itself.

    A cell goes on in the next plane where the same number covers part of it there.

    Args:
        data: (*lead, H, W) cells.
        number: of the cell.
        plane: where it is seen.
    """
    count = int(np.prod(data.shape[:-2]))
    here = _mask(data, number, plane)
    found = [plane]
    for planes in (range(plane + 1, count), range(plane - 1, -1, -1)):
        before = here
        for other in planes:
            there = _mask(data, number, other)
            if not _goes_on(before, there):
                break
            found.append(other)
            before = there
    return sorted(found)


def _mask(data: Any, number: int, plane: int) -> Mask:
    return cast(Mask, _cells(data, (plane, slice(0, data.shape[-2]), slice(0, data.shape[-1]))) == number)


def _goes_on(before: Mask, there: Mask) -> bool:
    """True if two masks of neighbouring planes are of one cell."""
    smaller = min(np.count_nonzero(before), np.count_nonzero(there))
    return bool(smaller and np.count_nonzero(before & there) >= _GOES_ON * smaller)


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

"""Predicted cells go from their layer into an annotation, where the mouse points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotate import edits
from napari_cellseg.annotate.accept import RIM, accepted, box_of, cells_along, numbers_given, refused, window_of
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.layer import AnnotatedLayer

NOTHING = "There is no predicted cell here. Shift says that there is none."
SEVERAL = "It covers several annotated cells: cut it first."


@dataclass(frozen=True, slots=True)
class TakenCells:
    """Outcome of taking predicted cells."""

    words: str
    """What was done, for people."""
    numbers: dict[int, int] = field(default_factory=dict)
    """Of each predicted cell that became a new one the number in the annotation."""


def put(
    target: AnnotatedLayer, plane: int, predicted: Any, places: Sequence[tuple[int, int]], *, no_cell: bool
) -> TakenCells:
    """Take predicted cells into an annotation, or say that there is none; one step that can be undone.

    Args:
        target: the annotation; all its cells must be known.
        plane: that is seen.
        predicted: cells of the annotation's shape.
        places: rows and columns that the mouse went over.
        no_cell: what is there is no cell.
    """
    size, read = target.shape[1:], partial(_read, target, predicted, plane)
    wanted = cells_along(read, places, size)
    if not wanted and not no_cell:
        return TakenCells(NOTHING)
    radius = max(round(float(target.layer.brush_size) / 2), 1)
    box = window_of(read, wanted, box_of(places, size).grown(radius, size), size).grown(RIM, size)
    found, before, free = read(box), np.asarray(target.read(plane, box), np.uint32), target.index.free_number()
    if no_cell:
        points = [(y - box.top, x - box.left) for y, x in places]
        after, left_out = refused(found, wanted, before, points, radius), 0
    else:
        after, left_out = accepted(found, wanted, before, free)
    changed = target.apply(plane, [edits.changes(before, after, box)])
    words = SEVERAL if left_out else _words(len(wanted), changed, no_cell=no_cell)
    return TakenCells(words, numbers_given(found, after, free))


def _words(cells: int, changed: bool, *, no_cell: bool) -> str:
    if not changed:
        return "It is annotated already."
    if no_cell:
        return "No cell here: background."
    return f"{cells} cell{'' if cells == 1 else 's'} taken. Ctrl+Z takes it back."


def _read(target: AnnotatedLayer, predicted: Any, plane: int, box: PlaneBox) -> NDArray[Any]:
    return np.asarray(predicted[(*target.leading(plane), *box.slices)])

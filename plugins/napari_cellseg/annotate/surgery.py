"""Edits of an annotation that must find their cells first: filling a region, cutting along a line, joining."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotate import edits
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.layer import AnnotatedLayer

REGION_PX = (64, 256, 1024)
"""How far a region is followed that is to be filled, in steps."""


def fill_region(target: AnnotatedLayer, cell: Cell, row: float, column: float) -> None:
    """Make the region around a pixel, up to the cells that enclose it, a part of a cell.

    Raises:
        InputError: the pixel is outside or in a cell, or the region is open or too large.
    """
    _check_pixel(target.value(cell.plane, row, column), target.code.first_cell)
    y, x = round(row), round(column)
    for reach in REGION_PX:
        box = PlaneBox(y, x, y + 1, x + 1).grown(reach // 2, target.shape[1:])
        before = target.read(cell.plane, box)
        after = edits.fill_region(before, y - box.top, x - box.left, cell.number)
        if after is not None:
            target.apply(cell.plane, [edits.changes(before, after, box)])
            return
    found = f"this region is not closed, or larger than {REGION_PX[-1]} pixels"
    raise cellseg.InputError(found, "Close its outline first.")


def _check_pixel(value: int | None, first_cell: int) -> None:
    if value is None or value >= first_cell:
        found = "is outside the image" if value is None else f"points at cell {value}"
        raise cellseg.InputError(f"the mouse {found}", "Point into the region that is to be filled.")


def cut(target: AnnotatedLayer, plane: int, points: NDArray[np.float64]) -> tuple[int, list[int]]:
    """Cut the cell under a line in two; all cells must be known. The cell, and the numbers of its new pieces.

    Args:
        target: the annotation.
        plane: in which the line was drawn.
        points: (N, 2) rows and columns of the line.

    Raises:
        InputError: the line meets no cell, or does not go all the way through.
    """
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int) + 1
    box = PlaneBox(int(low[0]), int(low[1]), int(high[0]), int(high[1])).grown(0, target.shape[1:])
    if min(box.shape) < 1:
        raise cellseg.InputError("the line is outside the image", "Draw it through a cell.")
    line = edits.line_pixels(points - (box.top, box.left), box.shape)
    cell = edits.cell_under(target.read(plane, box), line, target.code.first_cell)
    whole = target.index.box(Cell(plane, cell))
    if whole is None:
        raise cellseg.InputError("there is no cell under the line", "Draw it through a cell.")
    before = target.read(plane, whole)
    line = edits.line_pixels(points - (whole.top, whole.left), whole.shape)
    free = target.index.free_number()
    after = edits.split(before, cell, line, free)
    if after is None:
        found = f"the line does not go all the way through cell {cell}"
        raise cellseg.InputError(found, "Begin and end it outside the cell.")
    target.apply(plane, [edits.changes(before, after, whole)])
    return cell, np.unique(after[after >= free]).tolist()


def join(target: AnnotatedLayer, plane: int, first: int, number: int) -> None:
    """Make a cell a part of the first one; all cells must be known."""
    box = target.index.box(Cell(plane, number))
    assert box is not None, "the index knows every cell that is there"
    before = target.read(plane, box)
    target.apply(plane, [edits.changes(before, edits.relabel(before, number, first), box)])

"""Edits of an annotation: a window of a plane goes in, the same window after the edit comes out.

Values are those of `annotation`; `first` is the number that cells begin with. Every edit takes a window (h, w) that
holds the cell, leaves it untouched and gives a new one; pixels of other cells never change. Cells are 4-connected.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Labels, Mask
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotation import FIRST_CELL

SLIVER = 0.01
"""Pieces of less than this part of a cell, cut off by a shaky line, stay with the piece beside them."""


class Changes(NamedTuple):
    """Pixels that an edit gives another value, in rows and columns of the plane."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    values: Labels


def changes(before: Labels, after: Labels, box: PlaneBox) -> Changes:
    """Differences of a window (h, w) at `box` before and after an edit."""
    rows, columns = np.nonzero(before != after)
    return Changes(rows + box.top, columns + box.left, after[rows, columns])


def fill_holes(labels: Labels, cell: int, first: int = FIRST_CELL) -> Labels:
    """Fill what lies inside a cell and belongs to no other one.

    Args:
        labels: (h, w) with the whole cell in it.
        cell: its number.
        first: the lowest number of a cell.
    """
    own = labels == cell
    holes = ndimage.binary_fill_holes(own, np.ones((3, 3))) & ~own
    return np.where(holes & (labels < first), cell, labels).astype(labels.dtype)


def fill_region(labels: Labels, row: int, column: int, value: int) -> Labels | None:
    """Give the connected region of equal values at a pixel another value; None where it reaches the window's edge.

    Args:
        labels: (h, w).
        row, column: a pixel of the region, in the window.
        value: what it becomes.
    """
    parts, _ = ndimage.label(labels == labels[row, column])
    region = parts == parts[row, column]
    if region[0].any() or region[-1].any() or region[:, 0].any() or region[:, -1].any():
        return None
    return np.where(region, value, labels).astype(labels.dtype)


def line_pixels(points: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """Pixels under a drawn line that no 4-connected cell crosses.

    Args:
        points: (n, 2) rows and columns of its corners in the window; it may leave the window.
        shape: (h, w) of the window.
    """
    drawn = np.zeros(shape, bool)
    for start, stop in pairwise(points):
        steps = int(np.ceil(np.abs(stop - start).max())) + 1
        on_it = np.rint(np.linspace(start, stop, steps)).astype(int)
        inside = ((on_it >= 0) & (on_it < shape)).all(axis=1)
        drawn[tuple(on_it[inside].T)] = True
    return drawn


def cell_under(labels: Labels, line: Mask, first: int = FIRST_CELL) -> int:
    """The cell that has most pixels under a line, 0 where there is none; both (h, w)."""
    under = labels[line]
    numbers, counts = np.unique(under[under >= first], return_counts=True)
    return int(numbers[counts.argmax()]) if len(numbers) else 0


def split(labels: Labels, cell: int, line: Mask, new: int) -> Labels | None:
    """Cut a cell along a line; None where the line does not go all the way through.

    The largest piece keeps its number, the others get `new`, `new + 1` and so on, the larger first. Pixels under the
    line go to the piece that is nearest, so that together the pieces are the cell. Parts of the cell that the line does
    not touch keep its number.

    Args:
        labels: (h, w) with the whole cell in it.
        cell: its number.
        line: (h, w), see `line_pixels`.
        new: the first number that is free.
    """
    own = labels == cell
    parts, _ = ndimage.label(own)
    touched = own & np.isin(parts, parts[own & line])
    pieces, count = ndimage.label(touched & ~line)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(sizes > max(SLIVER * touched.sum(), 1)) + 1
    if len(kept) < 2:
        return None
    kept = kept[np.argsort(-sizes[kept - 1], kind="stable")]
    numbers = np.zeros(count + 1, labels.dtype)
    numbers[kept] = [cell, *range(new, new + len(kept) - 1)]
    given = numbers[pieces]
    return np.where(touched, _nearest(given, given > 0), labels).astype(labels.dtype)


def relabel(labels: Labels, old: int, new: int) -> Labels:
    """Give a cell another number, or delete it; (h, w)."""
    return np.where(labels == old, new, labels).astype(labels.dtype)


def smooth(labels: Labels, cell: int, radius: float, first: int = FIRST_CELL) -> Labels:
    """Smooth a cell's outline where it does not touch other cells.

    The cell is blurred by a Gaussian of standard deviation `radius` pixels and cut at one half. What lies under other
    cells counts neither way, so a common border stays. Pixels that are lost become what is annotated nearest to them.

    Args:
        labels: (h, w) with the whole cell in it, and 4 times `radius` around it as far as the plane goes.
        cell: its number.
        radius: pixels; features of the outline smaller than that go.
        first: the lowest number of a cell.
    """
    own = labels == cell
    free = labels < first
    known = ndimage.gaussian_filter((own | free).astype(np.float32), radius, mode="nearest")
    blurred = ndimage.gaussian_filter(own.astype(np.float32), radius, mode="nearest")
    kept = (blurred > 0.5 * known) & (own | free)
    if not kept.any():
        return labels.copy()
    lost = own & ~kept
    around = _nearest(labels, free) if lost.any() and free.any() else labels
    return np.where(kept, cell, np.where(lost, around, labels)).astype(labels.dtype)


def _nearest(values: Labels, valid: Mask) -> Labels:
    """(h, w) for each pixel the value of the nearest valid one."""
    where = ndimage.distance_transform_edt(~valid, return_distances=False, return_indices=True)
    nearest: Labels = values[tuple(where)]
    return nearest

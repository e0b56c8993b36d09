"""Predicted cells that somebody clicks on become annotation; so does a place that was said to be no cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Labels, UInt32
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotation import BACKGROUND, NOT_ANNOTATED
from napari_cellseg.project.covered import LEFT_OUT, numbers_of_covered

ReadWindow = Callable[[PlaneBox], NDArray[Any]]
"""Gives the predicted cells (h, w) of a window of the plane."""
RIM = 2
"""Pixels of background around a predicted cell that are taken with it: a cell alone does not say where it ends."""
_REACH = (64, 256, 1024, 4096)
"""How far a predicted cell is followed from where the mouse points, in pixels."""


def accepted(found: Labels, wanted: Collection[int], old: UInt32, free: int) -> tuple[UInt32, int]:
    """Annotation of a window with predicted cells in it, and the number of cells that were left out.

    One that covers an annotated cell takes its number; one that covers several is left out. Around those that are
    taken, what is no predicted cell becomes background, `RIM` pixels wide. What is annotated stays.

    Args:
        found: (h, w) predicted cells, 0 = background.
        wanted: numbers of those that are taken.
        old: (h, w) annotation.
        free: the next number that no annotated cell has.
    """
    numbers, after, left_out = numbers_of_covered([(found, old)]), old.copy(), 0
    taken = np.zeros(old.shape, bool)
    for k in sorted(wanted):
        number = numbers.get(k, free)
        if number == LEFT_OUT:
            left_out += 1
            continue
        taken |= found == k
        after[(found == k) & (old == NOT_ANNOTATED)] = number
        free += int(k not in numbers)
    rim = ndimage.binary_dilation(taken, iterations=RIM) & (found == 0)
    after[rim & (old == NOT_ANNOTATED)] = BACKGROUND
    return after, left_out


def numbers_given(found: Labels, after: UInt32, free: int) -> dict[int, int]:
    """Of each predicted cell that became a new one its number, `free` and up; both (h, w)."""
    new = (after >= free) & (found > 0)
    pairs = np.unique(np.stack([found[new].astype(np.int64), after[new].astype(np.int64)]), axis=1)
    return dict(zip(*pairs.tolist(), strict=True))


def refused(
    found: Labels, wanted: Collection[int], old: UInt32, points: Iterable[tuple[int, int]], radius: int
) -> UInt32:
    """Annotation of a window with predicted cells, and what is near points, made background where nothing is annotated.

    Args:
        found: (h, w) predicted cells, 0 = background.
        wanted: numbers of those that are no cells.
        old: (h, w) annotation.
        points: rows and columns in the window; around those on no predicted cell it is background.
        radius: how far around.
    """
    rows, columns = np.ogrid[: old.shape[0], : old.shape[1]]
    none = np.isin(found, [*wanted])
    for y, x in points:
        none |= ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2) & (found == 0)
    return np.where(none & (old == NOT_ANNOTATED), np.uint32(BACKGROUND), old)


def box_of(places: Sequence[tuple[int, int]], size: tuple[int, int]) -> PlaneBox:
    """The smallest window around rows and columns, inside a plane of a size."""
    along = zip(zip(*places, strict=True), size, strict=True)
    rows, columns = (np.clip(numbers, 0, length - 1) for numbers, length in along)
    return PlaneBox(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)


def cells_along(read: ReadWindow, places: Sequence[tuple[int, int]], size: tuple[int, int]) -> set[int]:
    """Numbers of the predicted cells at rows and columns of a plane of a size."""
    box = box_of(places, size)
    found = read(box)
    inside = [(y, x) for y, x in places if 0 <= y < size[0] and 0 <= x < size[1]]
    return {int(found[y - box.top, x - box.left]) for y, x in inside} - {0}


def window_of(read: ReadWindow, wanted: Collection[int], around: PlaneBox, size: tuple[int, int]) -> PlaneBox:
    """Window that holds predicted cells whole, or as much of them as is followed.

    Args:
        read: the predicted cells.
        wanted: their numbers.
        around: what they are met in.
        size: of the plane.
    """
    box = around
    for reach in _REACH:
        box = around.grown(reach, size)
        met = np.isin(read(box), [*wanted])
        if not _reaches_edge(met, box, size):
            break
    return box


def _reaches_edge(met: NDArray[np.bool_], box: PlaneBox, size: tuple[int, int]) -> bool:
    """True if what is met goes on beyond a window, inside the plane."""
    edges = (
        (met[0], box.top > 0),
        (met[-1], box.bottom < size[0]),
        (met[:, 0], box.left > 0),
        (met[:, -1], box.right < size[1]),
    )
    return any(bool(edge.any()) and goes_on for edge, goes_on in edges)

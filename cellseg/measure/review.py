"""Cells worth a look: found by their size, their certainty, their outline and where they lie. For people to decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cellseg.arrays import Floating, Labels, Mask

LARGE, SMALL, UNSURE, NECK, ALONE, CUT = (
    "much larger than the others",
    "much smaller than the others",
    "low certainty",
    "two joined by a thin neck",
    "in no neighbouring plane",
    "cut by the border of the image",
)
"""Reasons, the most telling ones first where a cell has several."""
_FACTOR = 3.0
"""Times the median area, or a third of it: much larger, much smaller."""
_FEWEST = 5
"""Cells of which the median says something."""
_CERTAIN = 0.6
"""Mean of 2 * |p - 0.5| in a cell below which the network was not sure of it."""
_NECK, _PIECE = 0.5, 0.1
"""A cell is two where the pixels deeper than this part of its greatest depth are in two pieces, each of at least that
part of them."""
_SMALLEST_NECK = 40
"""Pixels of a cell from which a neck can be told."""


@dataclass(frozen=True, slots=True)
class CellToReview:
    """A cell worth a look."""

    cell: int
    """Its number."""
    reasons: tuple[str, ...]
    box: tuple[int, int, int, int]
    """Top, left, bottom, right; the last two are outside."""


def review_cells(
    labels: Labels, probability: Floating | None = None, neighbours: Sequence[Labels] = ()
) -> list[CellToReview]:
    """Cells of a plane that are worth a look, those with the most reasons first, then by their numbers.

    Args:
        labels: (H, W), 0 = background, 1 and up = cells.
        probability: (H, W) that a pixel is of a cell, 0 to 1; None where it is not known.
        neighbours: labels (H, W) of the planes before and after; those without any cell say nothing.
    """
    neighbours = [plane for plane in neighbours if plane.any()]
    boxes = ndimage.find_objects(labels)
    areas = np.bincount(labels.ravel(), minlength=len(boxes) + 1)
    cells = np.flatnonzero(areas[1:]) + 1
    median = float(np.median(areas[cells])) if cells.size >= _FEWEST else 0.0
    found = []
    for cell in cells.tolist():
        rows, columns = boxes[cell - 1]
        own = labels[rows, columns] == cell
        sure = None if probability is None else probability[rows, columns][own]
        reasons = (
            *_by_size(int(areas[cell]), median),
            *([UNSURE] if sure is not None and _certainty(sure) < _CERTAIN else []),
            *([NECK] if has_neck(own) else []),
            *([ALONE] if neighbours and not any(plane[rows, columns][own].any() for plane in neighbours) else []),
            *([CUT] if _is_cut(rows, columns, labels.shape) else []),
        )
        if reasons:
            found.append(CellToReview(cell, reasons, (rows.start, columns.start, rows.stop, columns.stop)))
    return sorted(found, key=lambda one: (-len(one.reasons), one.cell))


def has_neck(own: Mask) -> bool:
    """True if a cell (h, w) is two that a thin neck joins: its deep parts are in two pieces."""
    if np.count_nonzero(own) < _SMALLEST_NECK:
        return False
    depth = ndimage.distance_transform_edt(np.pad(own, 1))
    deep = depth > _NECK * depth.max()
    sizes = np.bincount(ndimage.label(deep)[0].ravel())[1:]
    return int(np.count_nonzero(sizes >= _PIECE * sizes.sum())) > 1


def _by_size(area: int, median: float) -> Iterator[str]:
    if median and area > _FACTOR * median:
        yield LARGE
    elif area * _FACTOR < median:
        yield SMALL


def _certainty(probability: Floating) -> float:
    return float(np.mean(2 * np.abs(probability.astype(np.float64) - 0.5)))


def _is_cut(rows: slice, columns: slice, shape: tuple[int, ...]) -> bool:
    """True if a cell touches the border of its plane."""
    return bool(0 in (rows.start, columns.start) or rows.stop == shape[0] or columns.stop == shape[1])

"""The separating border: touching cells draw back by one pixel each.

Every pixel with a 4-neighbour in another cell becomes background. A cell that would vanish so stays
in the game: it and its like are parted from one another by the same rule, the others having drawn
back already. Both rules ask for no order, so the result turns, mirrors and renames with the image.
Only cells in which still every pixel touches another such cell need a choice: see `thin_cells`.
The line is for instances: between regions of different classes nothing is put, unless it is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import UInt8
from cellseg.compiled import compiled
from cellseg.options import Separate
from cellseg.preprocess.cells import numbered, to_cells
from cellseg.preprocess.thin_cells import part_thin_cells


def separate(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Cut touching cells apart by background, symmetrically; no cell vanishes.

    Args:
        labels: (H, W), any integer type, 0 = background, other values = cells.

    Returns:
        (H, W), the type of `labels`. Doing it again changes nothing. Two cells touch afterwards
        only where each has but one pixel to lose.

    Raises:
        InputError: `labels` is no 2-D image of integers.

    Source: Ronneberger, Fischer, Brox 2015, section 3 ("the separation border is computed using
    morphological operations").
    """
    cells = to_cells(labels)[0]
    return np.where(pixels_to_keep(cells), labels, labels.dtype.type(0))


def separate_cells(
    cells: NDArray[np.int32], classes: UInt8 | None = None, asked: Separate | None = None
) -> NDArray[np.int32]:
    """Checked cells (H, W) int32 with a line between those that touch.

    Args:
        cells: 0 = background.
        classes: (H, W) uint8, class of each pixel; None: all cells are of one class.
        asked: "on": between any two cells, "off": nowhere; None: between two cells of one class.
    """
    if asked == "off":
        return cells
    kinds = () if classes is None or asked == "on" else np.flatnonzero(np.bincount(classes[cells > 0]))
    if classes is None or len(kinds) < 2:
        return cells * pixels_to_keep(cells)
    return sum((separate_cells(np.where(classes == kind, cells, 0)) for kind in kinds), np.zeros_like(cells))


def pixels_to_keep(cells: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Pixels (H, W) of cells int32 that stay cells, (H, W) bool."""
    cells = numbered(cells)
    keep = np.zeros(cells.shape, bool)
    contested = np.ones(int(cells.max(initial=0)) + 1, bool)
    contested[0] = False
    while True:
        touched, settled = np.zeros_like(contested), np.zeros_like(contested)
        _keep_free_pixels(cells, contested, keep, touched, settled)
        left = touched & ~settled
        if not left.any():
            return keep
        if np.array_equal(left, contested):
            part_thin_cells(cells, contested, keep)
            return keep
        contested = left


@compiled
def _keep_free_pixels(
    cells: NDArray[np.int32],
    contested: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    touched: NDArray[np.bool_],
    settled: NDArray[np.bool_],
) -> None:
    """Keep the pixels of contested cells that touch no other contested cell; note which cells have such pixels."""
    height, width = cells.shape
    for y in range(height):
        for x in range(width):
            own = cells[y, x]
            if not contested[own]:
                continue
            free = True
            for step_y, step_x in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                v, u = y + step_y, x + step_x
                if 0 <= v < height and 0 <= u < width:
                    other = cells[v, u]
                    if other != own and contested[other]:
                        free = False
            if free:
                keep[y, x] = True
                settled[own] = True
            else:
                touched[own] = True

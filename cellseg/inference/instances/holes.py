"""Holes: components of the background that do not reach the edge of the plane.

The background is 8-connected where the cells are 4-connected, so one cell surrounds each hole. A filled hole belongs
to that cell, and with it what lies in the hole as an island.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled


@compiled
def neighbours(labels: NDArray[np.int32], cells: int, candidates: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pairs (background, cell) of labels that are neighbours within a block, (k, 2); some come more than once.

    Args:
        labels: (h, w), 1..cells = cells, above = background.
        candidates: for each label whether it may be a hole; others are not told.
    """
    height, width = labels.shape
    found = np.zeros((1024, 2), np.int64)
    count = 0
    last, cell = 0, 0
    for y in range(height):
        for x in range(width):
            own = labels[y, x]
            if not candidates[own]:
                continue
            for step_y, step_x in ((-1, 0), (0, -1), (0, 1), (1, 0)):
                v, u = y + step_y, x + step_x
                if not (0 <= v < height and 0 <= u < width):
                    continue
                other = labels[v, u]
                if other > cells or (own == last and other == cell):
                    continue
                last, cell = own, other
                if count == len(found):
                    found = np.concatenate((found, np.zeros_like(found)))
                found[count, 0], found[count, 1] = own, other
                count += 1
    return found[:count].copy()

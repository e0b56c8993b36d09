"""Growth: each pixel near an instance joins the nearest one.

The distance is Euclidean. Of pixels that are equally near the leftmost one decides, of those in one column the upper
one; the rule knows no block and no id.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled
from cellseg.inference.instances.plane import LabelledPlane
from cellseg.inference.tiling import Box


def grown_block(plane: LabelledPlane, box: Box, grow: int) -> tuple[NDArray[np.uint32], None]:
    """Ids of a block of a plane (h, w) after its instances grew by `grow` pixels, see `Render`."""
    seen = plane.grid.around(box, grow)
    y, x = box.top - seen.top, box.left - seen.left
    return _grow(plane.read_box(seen), grow)[y : y + box.height, x : x + box.width], None


@compiled
def _grow(labels: NDArray[np.uint32], distance: int) -> NDArray[np.uint32]:
    """Grow by a search along the columns, then one along the rows: 2 * distance + 1 steps a pixel."""
    height, width = labels.shape
    nearest = _nearest_in_column(labels, distance)
    out = labels.copy()
    for y in range(height):
        for x in range(width):
            if labels[y, x]:
                continue
            best, row, column = distance * distance + 1, height, 0
            for u in range(max(x - distance, 0), min(x + distance + 1, width)):
                dy = nearest[y, u]
                away = dy * dy + (x - u) * (x - u)
                if away < best:
                    best, row, column = away, y + dy, u
            if best <= distance * distance:
                out[y, x] = labels[row, column]
    return out


@compiled
def _nearest_in_column(labels: NDArray[np.uint32], distance: int) -> NDArray[np.int32]:
    """Rows from each pixel to the nearest label of its column, the upper one of two; 2 * distance + 1 = none."""
    height, width = labels.shape
    none = 2 * distance + 1
    nearest = np.full((height, width), none, np.int32)
    for y in range(height):
        for x in range(width):
            if labels[y, x]:
                nearest[y, x] = 0
            elif y > 0 and nearest[y - 1, x] != none and nearest[y - 1, x] > -distance:
                nearest[y, x] = nearest[y - 1, x] - 1
    below = np.full(width, none, np.int32)
    for y in range(height - 1, -1, -1):
        for x in range(width):
            below[x] = 0 if labels[y, x] else min(below[x] + 1, none)
            if below[x] <= distance and below[x] < abs(nearest[y, x]):
                nearest[y, x] = below[x]
    return nearest

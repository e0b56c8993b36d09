"""Area of the convex hull of each cell of a plane, counted in whole pixels and by whole numbers.

As in scikit-image the hull is that of the middles of all pixel edges, and a pixel whose centre lies on the hull counts.
Coordinates are doubled, so that the middles of edges are whole numbers too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Int64
from cellseg.compiled import compiled
from cellseg.metrics.regions import Regions

NONE = np.iinfo(np.int64).max


def hull_areas(index: NDArray[np.int32], where: Regions) -> Int64:
    """(n,) pixels in the convex hull of each object of `index` (H, W), numbered from 0, -1 = none."""
    tops = np.ascontiguousarray(where.starts[:, 0])
    lines = np.concatenate([[0], np.cumsum(2 * (where.stops[:, 0] - tops) + 1)])
    left, mirrored_right = (_edges(index, tops, lines, side) for side in (1, -1))
    return np.asarray(_areas(left, mirrored_right, lines))


@compiled
def _edges(index: NDArray[np.int32], tops: Int64, lines: Int64, side: int) -> Int64:
    """The smallest `side` * x of each object's edge middles on each half row, NONE where it has none.

    Object k's half rows are `lines[k]` to `lines[k + 1]`, from half a pixel above its first row.
    """
    edges = np.full(lines[-1], NONE, np.int64)
    height, width = index.shape
    for y in range(height):
        for x in range(width):
            k = index[y, x]
            if k >= 0:
                line = lines[k] + 2 * (y - tops[k]) + 1
                edges[line - 1] = min(edges[line - 1], 2 * side * x)
                edges[line] = min(edges[line], 2 * side * x - 1)
                edges[line + 1] = min(edges[line + 1], 2 * side * x)
    return edges


@compiled
def _areas(left: Int64, mirrored_right: Int64, lines: Int64) -> Int64:
    areas = np.zeros(lines.size - 1, np.int64)
    for k in range(areas.size):
        first = _first_inside(left[lines[k] : lines[k + 1]])
        last = _first_inside(mirrored_right[lines[k] : lines[k + 1]])
        areas[k] = np.sum(1 - last - first)
    return areas


@compiled
def _first_inside(edges: Int64) -> Int64:
    """The first pixel of each row that is not left of the hull of the points (half row, edge)."""
    corners = np.empty(edges.size, np.int64)
    count = 0
    for line in range(edges.size):
        if edges[line] != NONE:
            while count > 1:
                a, b = corners[count - 2], corners[count - 1]
                if (edges[b] - edges[a]) * (line - a) < (edges[line] - edges[a]) * (b - a):
                    break
                count -= 1
            corners[count] = line
            count += 1
    first = np.empty(edges.size // 2, np.int64)
    corner = 0
    for row in range(first.size):
        line = 2 * row + 1
        while corners[corner + 1] < line:
            corner += 1
        a, b = corners[corner], corners[corner + 1]
        first[row] = -((edges[a] * (line - b) - edges[b] * (line - a)) // (2 * (b - a)))
    return first

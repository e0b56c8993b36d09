"""Watershed of the distance to the border: where a component has a neck, it is cut.

Pixels are flooded from the farthest from the border to the nearest. Where two basins meet, the lower one is a cell of
its own if its peak stands high enough above the pass: by NECK of its height (the radius of its largest inscribed
circle), or of the usual radius where that is given, and by NOISE in any case. Else the two become one.

Source: Vincent and Soille 1991 (flooding), Grimaud 1992 (dynamics, the height of a peak above its pass; choosing the
basins by it is the same as the h-maxima of Soille 1999).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled
from cellseg.inference.instances.distance import squared_distance
from cellseg.inference.instances.unionfind import root

NECK = 0.1
"""Two discs are cut apart where the half width of their neck is below 1 - NECK of the smaller radius. Measured, the
best of 0.05 to 0.3: of 240 ellipses with a smooth border none is cut, of those with a rough one 2 in 100; of pairs of
discs at 0.87, 0.75 and 0.65 of the sum of their radii 0, 1 and 16 in 100 are not made two (radius 8 to 30)."""
NOISE = 0.75
"""Pixels by which the distance varies along a bar, because its border has steps; 0.5 cuts 4 of 100 smooth ellipses."""


@compiled
def basins(inside: NDArray[np.bool_], radius: float) -> NDArray[np.int64]:
    """For each pixel inside the flat index of the peak of its basin, (h, w); -1 outside. Basins are 4-connected.

    Args:
        inside: (h, w), one component; beyond the array nothing is known.
        radius: usual radius of a cell in pixels; 0 = each basin's own.
    """
    height, width = inside.shape
    level = squared_distance(inside).ravel()
    order = _highest_first(level)
    basin = np.full(height * width, -1, np.int64)
    parent = np.arange(height * width)
    for p in order:
        y, x = p // width, p % width
        steepest, top = -1, -1
        for q in _neighbours(y, x, height, width):
            if q >= 0 and basin[q] >= 0:
                peak = root(parent, basin[q])
                if steepest < 0 or level[q] > level[steepest]:
                    steepest = q
                if top < 0 or _higher(level, peak, top):
                    top = peak
        if steepest < 0:
            basin[p] = p
            continue
        joined = False
        for q in _neighbours(y, x, height, width):
            if q >= 0 and basin[q] >= 0:
                peak = root(parent, basin[q])
                if peak == top:
                    continue
                rise = np.sqrt(level[peak]) - np.sqrt(level[p])
                size = radius if radius > 0 else np.sqrt(level[peak])
                if rise < max(NECK * size, NOISE):
                    parent[peak], joined = top, True
        basin[p] = top if joined else root(parent, basin[steepest])  # this pixel is what connects basins that join
    for p in range(len(basin)):
        if basin[p] >= 0:
            basin[p] = root(parent, basin[p])
    return basin.reshape(height, width)


@compiled
def _highest_first(level: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of the pixels that are not 0, from the highest to the lowest, equal ones in scan order."""
    most = level.max()
    if most > 4 * len(level):  # a table of all levels would be larger than the image
        return np.argsort(-level, kind="mergesort")[: np.count_nonzero(level)]
    ends = np.zeros(most + 2, np.int64)
    for value in level:
        ends[most - value + 1] += 1
    starts = np.cumsum(ends)
    order = np.empty(len(level), np.int64)
    for p in range(len(level)):
        place = most - level[p]
        order[starts[place]] = p
        starts[place] += 1
    return order[: np.count_nonzero(level)]


@compiled
def _neighbours(y: int, x: int, height: int, width: int) -> tuple[int, int, int, int]:
    """Flat indices of the pixels above, left, right and below; -1 = not there."""
    p = y * width + x
    return (
        p - width if y > 0 else -1,
        p - 1 if x > 0 else -1,
        p + 1 if x + 1 < width else -1,
        p + width if y + 1 < height else -1,
    )


@compiled
def _higher(level: NDArray[np.int64], a: int, b: int) -> bool:
    return level[a] > level[b] or (level[a] == level[b] and a < b)

"""Squared Euclidean distance to the nearest pixel outside, in time linear in the pixels.

Source: Meijster, Roerdink, Hesselink 2000, "A general algorithm for computing distance transforms in linear time".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled


@compiled
def squared_distance(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Squared distances in pixels, int64 (h, w), 0 outside; what lies beyond the array does not count as outside.

    Where nothing is outside, all pixels get the same large number.
    """
    height, width = inside.shape
    none = height + width
    columns = np.zeros((height, width), np.int64)
    for y in range(height):
        for x in range(width):
            if inside[y, x]:
                columns[y, x] = none if y == 0 else min(columns[y - 1, x] + 1, none)
    for y in range(height - 2, -1, -1):
        for x in range(width):
            columns[y, x] = min(columns[y, x], columns[y + 1, x] + 1)
    squared = np.empty((height, width), np.int64)
    sites, starts = np.zeros(width, np.int64), np.zeros(width, np.int64)
    for y in range(height):
        _along_row(columns[y], sites, starts, squared[y], none * none)
    return squared


@compiled
def _along_row(
    column: NDArray[np.int64], sites: NDArray[np.int64], starts: NDArray[np.int64], out: NDArray[np.int64], most: int
) -> None:
    """The lower envelope of the parabolas (x - u)^2 + column[u]^2: parabola sites[k] is lowest from starts[k] on."""
    last = 0
    sites[0], starts[0] = 0, 0
    for u in range(1, len(column)):
        while last >= 0 and _at(column, starts[last], sites[last]) > _at(column, starts[last], u):
            last -= 1
        if last < 0:
            last, sites[0], starts[0] = 0, u, 0
            continue
        v = sites[last]
        start = 1 + (u * u - v * v + column[u] ** 2 - column[v] ** 2) // (2 * (u - v))
        if start < len(column):
            last += 1
            sites[last], starts[last] = u, start
    for x in range(len(column) - 1, -1, -1):
        out[x] = min(_at(column, x, sites[last]), most)
        if x == starts[last]:
            last -= 1


@compiled
def _at(column: NDArray[np.int64], x: int, u: int) -> Any:
    return (x - u) ** 2 + column[u] ** 2

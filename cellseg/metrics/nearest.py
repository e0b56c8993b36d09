"""Distances from the points of one set to the nearest points of another, for many pairs of sets at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled

Points = NDArray[np.int64]


@compiled
def directed_percentiles(
    points: Points, bounds: Points, others: Points, other_bounds: Points, pairs: Points, percent: float
) -> NDArray[np.float64]:
    """For each pair (a, b) the percentile of the distances from the points of set a to their nearest of set b.

    Args:
        points: (n, D) coordinates; set a is points[bounds[a]:bounds[a + 1]], sorted by the first coordinate.
        bounds: (sets + 1,).
        others: (m, D), the same for the sets b.
        other_bounds: (sets + 1,).
        pairs: (k, 2) set numbers.
        percent: 0 to 100, linear between the sorted distances.

    Returns:
        (k,) distances.
    """
    result = np.empty(len(pairs))
    for k in range(len(pairs)):
        a, b = pairs[k]
        first, last = bounds[a], bounds[a + 1]
        low, high = other_bounds[b], other_bounds[b + 1]
        distances = np.empty(last - first)
        for i in range(first, last):
            distances[i - first] = np.sqrt(_nearest_square(points[i], others[low:high]))
        result[k] = _percentile(distances, percent)
    return result


@compiled
def _nearest_square(point: Points, others: Points) -> np.int64:
    """Squared distance to the nearest of `others`, searched outward from the same first coordinate."""
    start = np.searchsorted(others[:, 0], point[0])
    best = np.int64(1) << 62
    for i in range(start, len(others)):
        if (others[i, 0] - point[0]) ** 2 >= best:
            break
        best = min(best, _square(point, others[i]))
    for i in range(start - 1, -1, -1):
        if (others[i, 0] - point[0]) ** 2 >= best:
            break
        best = min(best, _square(point, others[i]))
    return best


@compiled
def _square(point: Points, other: Points) -> np.int64:
    total = np.int64(0)
    for d in range(len(point)):
        total += (point[d] - other[d]) ** 2
    return total


@compiled
def _percentile(values: NDArray[np.float64], percent: float) -> float:
    values.sort()
    place = (len(values) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return float(values[below] + (place - below) * (values[above] - values[below]))

"""Brightness of each cell in an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float64
from cellseg.compiled import compiled


def brightness(index: NDArray[np.int32], image: NDArray[Any], count: int) -> dict[str, Float64]:
    """Mean, least, largest value and standard deviation (of the population) of each object's pixels.

    Args:
        index: any shape, the object of each pixel from 0, -1 = none.
        image: the same shape, any real numbers.
        count: number of objects.
    """
    values = np.ascontiguousarray(image, np.float64).reshape(-1)
    found = _moments(np.ascontiguousarray(index).reshape(-1), values, count)
    return dict(zip(("mean", "min", "max", "std"), found, strict=True))


@compiled
def _moments(index: NDArray[np.int32], values: Float64, count: int) -> Float64:
    """(4, count); the deviations are summed in a second pass, so that nothing is lost beside a large mean."""
    found = np.zeros((4, count))
    sizes = np.zeros(count)
    found[1], found[2] = np.inf, -np.inf
    for k, value in zip(index, values):  # noqa: B905 - numba knows no strict
        if k >= 0:
            sizes[k] += 1
            found[0, k] += value
            found[1, k] = min(found[1, k], value)
            found[2, k] = max(found[2, k], value)
    found[0] /= sizes
    for k in range(count):
        if np.isnan(found[0, k]):
            found[1, k] = found[2, k] = np.nan
    for k, value in zip(index, values):  # noqa: B905
        if k >= 0:
            found[3, k] += (value - found[0, k]) ** 2
    found[3] = np.sqrt(found[3] / sizes)
    return found

"""Length of the outline of each cell of a plane.

Source: Benkrid and Crookes, Design and FPGA implementation of a perimeter estimator; scikit-image's `perimeter`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled

_WEIGHTS = np.zeros(50)
_WEIGHTS[[5, 7, 15, 17, 25, 27]] = 1.0
_WEIGHTS[[21, 33]] = math.sqrt(2)
_WEIGHTS[[13, 23]] = (1 + math.sqrt(2)) / 2


def perimeters(index: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """(count,) length in pixels of the line through the centres of each object's border pixels.

    Args:
        index: (H, W), the object of each pixel from 0, -1 = none.
        count: number of objects.
    """
    return np.asarray(_lengths(np.pad(index, 1, constant_values=-1), count, _WEIGHTS))


@compiled
def _lengths(index: NDArray[np.int32], count: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Border pixels weighed by how many of their neighbours (edge: 2, corner: 10) are border pixels too."""
    height, width = index.shape
    border = np.zeros((height, width), np.bool_)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            k = index[y, x]
            border[y, x] = k >= 0 and (
                index[y - 1, x] != k or index[y + 1, x] != k or index[y, x - 1] != k or index[y, x + 1] != k
            )
    lengths = np.zeros(count)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if border[y, x]:
                code = 1
                for dy in range(-1, 2):
                    for dx in range(-1, 2):
                        beside = (dy != 0) + (dx != 0)
                        if beside and border[y + dy, x + dx] and index[y + dy, x + dx] == index[y, x]:
                            code += 2 if beside == 1 else 10
                lengths[index[y, x]] += weights[code]
    return lengths

"""Simple points: pixels whose flip changes no topology.

Foreground is 4-connected, background 8-connected. A pixel is simple if its eight neighbours hold exactly one foreground
component that touches it by an edge, and some background; its own value does not matter, so each flip can be undone
(Bertrand & Malandain 1994, Pattern Recognit. Lett. 15:169).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RING = (0, 1, 2, 5, 8, 7, 6, 3)
"""The neighbours in a 3x3 neighbourhood numbered in reading order, clockwise from the upper left."""


def neighbourhoods(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The 3x3 neighbourhood of each pixel of (H, W) as a number: bit 0 upper left to bit 8 lower right, 0 outside."""
    height, width = mask.shape
    padded = np.pad(mask, 1).astype(np.int64)
    shifts = ((bit, bit // 3, bit % 3) for bit in range(9))
    return np.asarray(sum(padded[y : y + height, x : x + width] << bit for bit, y, x in shifts))


def _edge_components(pattern: int) -> int:
    """Number of foreground components of the ring that touch the centre by an edge; 0 for a ring of foreground only."""
    ring = [bool(pattern >> bit & 1) for bit in RING]
    if all(ring):
        return 0
    start = ring.index(False)
    count, touches = 0, False
    for step in range(1, 9):
        place = (start + step) % 8
        if ring[place]:
            touches |= place % 2 == 1
        else:
            count, touches = count + touches, False
    return count


EDGE_COMPONENTS = np.array([_edge_components(pattern) for pattern in range(512)], dtype=np.uint8)
"""(512,) uint8: foreground components around the centre of each 3x3 pattern that touch it by an edge."""

SIMPLE: NDArray[np.bool_] = EDGE_COMPONENTS == 1
"""(512,) bool: whether the centre of each 3x3 pattern is simple."""

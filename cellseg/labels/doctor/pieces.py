"""Connected pieces of equal label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Int64
from cellseg.compiled import compiled


@dataclass(frozen=True, slots=True, eq=False)
class PlanePieces:
    """Pieces 0..n-1 of a plane, in scan order of their first pixels; the background has pieces too."""

    of: NDArray[np.int32]
    """(H, W) number of each pixel's piece."""
    value: NDArray[np.int64]
    """(n,) its label."""
    area: NDArray[np.int64]
    """(n,) its pixels."""
    first: NDArray[np.int64]
    """(n,) flat index of its first pixel."""

    def place(self, piece: int) -> tuple[int, int]:
        """Row and column of the first pixel of a piece."""
        y, x = divmod(int(self.first[piece]), self.of.shape[1])
        return y, x


def find_pieces(values: Int64) -> PlanePieces:
    """Pieces of a label image (H, W) int64: labels connect by edges and corners, background (0) by edges only."""
    of = np.empty(values.shape, np.int32)
    count = _number(values, of, np.empty(values.size, np.int32))
    area = np.bincount(of.ravel(), minlength=count)
    first = np.empty(count, np.int64)
    flat = of.ravel()
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)  # the last to write is the first in scan order
    return PlanePieces(of, values.ravel()[first], area, first)


def enclosed_by(pieces: PlanePieces) -> NDArray[np.int64]:
    """For each piece (n,) of background the number of the one piece around it; -1 for all others.

    Background that touches the image's edge, or two pieces, is enclosed by none.
    """
    around = np.full(pieces.value.size, -1, np.int64)
    _look_around(pieces.of, pieces.value, around)
    return np.maximum(around, -1)


@compiled
def _root(parent: NDArray[np.int32], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def _number(values: Int64, of: NDArray[np.int32], parent: NDArray[np.int32]) -> int:
    """Union-find over the neighbours that were scanned already."""
    height, width = values.shape
    used = 0
    for y in range(height):
        for x in range(width):
            value = values[y, x]
            own = -1
            for k in range(4):
                dy, dx = (0, -1) if k == 0 else (-1, k - 2)
                if (k == 1 or k == 3) and value == 0:
                    continue
                near_y, near_x = y + dy, x + dx
                if near_y < 0 or near_x < 0 or near_x >= width or values[near_y, near_x] != value:
                    continue
                root = _root(parent, of[near_y, near_x])
                if own < 0:
                    own = root
                elif root != own:
                    low, high = min(own, root), max(own, root)
                    parent[high] = low
                    own = low
            if own < 0:
                own = used
                parent[used] = used
                used += 1
            of[y, x] = own
    numbers = np.empty(used, np.int32)
    count = 0
    for node in range(used):
        root = _root(parent, node)
        if root == node:
            numbers[node] = count
            count += 1
    for y in range(height):
        for x in range(width):
            of[y, x] = numbers[_root(parent, of[y, x])]
    return count


@compiled
def _look_around(of: NDArray[np.int32], value: Int64, around: Int64) -> None:
    """-1 = nothing seen yet, -2 = the edge or two pieces, else a piece around it."""
    height, width = of.shape
    for y in range(height):
        for x in range(width):
            own = of[y, x]
            if value[own] != 0 or around[own] == -2:
                continue
            if y == 0 or x == 0 or y == height - 1 or x == width - 1:
                around[own] = -2
                continue
            for k in range(4):
                near = of[y + (k == 0) - (k == 1), x + (k == 2) - (k == 3)]
                if near == own:
                    continue
                if around[own] == -1:
                    around[own] = near
                elif around[own] != near:
                    around[own] = -2
                    break

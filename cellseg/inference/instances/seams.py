"""Pairs of labels that meet where two blocks touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled
from cellseg.inference.instances.blocks import Grid
from cellseg.inference.tiling import Box

LabelPairs = NDArray[np.int64]
"""(k, 2) numbers of nodes."""


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """Labels of the pixels along the four sides of a block."""

    top: NDArray[np.int32]
    bottom: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]


def rim_of(labels: NDArray[np.int32]) -> Rim:
    """The rim of a block (h, w)."""
    return Rim(labels[0].copy(), labels[-1].copy(), labels[:, 0].copy(), labels[:, -1].copy())


class Seams:
    """Keeps the edges of the blocks that still wait for a neighbour: one row of the plane, one column of a block.

    Blocks come in scan order. A node's number stands with its sign: > 0 cell, < 0 background, 0 nobody asked.
    """

    def __init__(self, grid: Grid) -> None:
        self._above = np.zeros(grid.width + 2, np.int64)  # one pixel more on each side: diagonals
        self._below = np.zeros(grid.width + 2, np.int64)
        self._left = np.zeros(0, np.int64)

    def meet(self, box: Box, rim: Rim, nodes: NDArray[np.int64]) -> tuple[LabelPairs, LabelPairs]:
        """Pairs of labels that a block shares with the blocks above and left of it.

        Args:
            rim: of the block.
            nodes: the node of each label, with its sign.

        Returns:
            Pairs of nodes that are one component, and pairs (background, cell) that are neighbours.
        """
        if box.left == 0:
            self._above, self._below = self._below, self._above
            self._left = np.zeros(box.height, np.int64)
        upper = _pairs(self._above[box.left : box.left + box.width + 2], nodes[rim.top])
        left = _pairs(np.pad(self._left, 1), nodes[rim.left])
        self._below[box.left + 1 : box.left + box.width + 1] = nodes[rim.bottom]
        self._left = nodes[rim.right]
        return np.concatenate([upper[0], left[0]]), np.concatenate([upper[1], left[1]])


def edge_of_plane(grid: Grid, box: Box, rim: Rim) -> NDArray[np.int32]:
    """Labels of the pixels of a block that lie at the edge of the plane."""
    at_edge = (
        (rim.top, box.top == 0),
        (rim.bottom, box.bottom == grid.height),
        (rim.left, box.left == 0),
        (rim.right, box.right == grid.width),
    )
    return np.concatenate([np.zeros(0, np.int32), *(line for line, is_edge in at_edge if is_edge)])


@compiled
def _pairs(before: NDArray[np.int64], after: NDArray[np.int64]) -> tuple[LabelPairs, LabelPairs]:
    """Cells meet straight, the background also diagonally; equal pairs in a row are told once.

    Args:
        before: (n + 2,) nodes on the one side; element i + 1 lies opposite to element i of the other.
        after: (n,) nodes on the other side.
    """
    same, different = np.zeros((3 * len(after), 2), np.int64), np.zeros((len(after), 2), np.int64)
    last = np.zeros((3, 2), np.int64)
    n, m = 0, 0
    for i in range(len(after)):
        b = after[i]
        for step in range(3):
            a = before[i + step]
            if a == 0 or b == 0 or (last[step, 0] == a and last[step, 1] == b):
                continue
            last[step, 0], last[step, 1] = a, b
            if (a > 0 and b > 0 and step == 1) or (a < 0 and b < 0):
                same[n, 0], same[n, 1] = abs(a), abs(b)
                n += 1
            elif step == 1 and a * b < 0:
                different[m, 0], different[m, 1] = abs(min(a, b)), max(a, b)
                m += 1
    return same[:n].copy(), different[:m].copy()

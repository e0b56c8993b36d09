"""Pieces of very large components that are one across the seams of the windows in which these are cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.tiling import Box

Keys = NDArray[np.int64]


class WindowSeams:
    """Compares how two windows see the last line of pixels before their seam and the first one behind it.

    Where each of them sees one piece on both sides, their two pieces are one. Windows come in scan order.
    """

    def __init__(self, grid: Grid) -> None:
        self.pairs: list[Keys] = []
        """Arrays (k, 2) of keys that are one piece."""
        self._above = np.zeros((2, grid.width), np.int64)
        self._below = np.zeros((2, grid.width), np.int64)
        self._left = np.zeros((2, 0), np.int64)

    def meet(self, window: Box, seen: Box, keys: Keys) -> None:
        """Take the next window, which sees `keys` (h, w) in `seen`, 0 = nothing of a large component."""
        y, x = window.top - seen.top, window.left - seen.left
        bottom, right = y + window.height, x + window.width
        if window.left == 0:
            self._above, self._below = self._below, self._above
        else:
            self._join(self._left, keys[y:bottom, x - 1 : x + 1].T)
        if window.top:
            self._join(self._above[:, window.columns], keys[y - 1 : y + 1, x:right])
        self._left = keys[y:bottom, right - 1 : right + 1].T.copy()
        below = keys[bottom - 1 : bottom + 1, x:right]
        self._below[: len(below), window.columns] = below  # one line at the edge of the plane, where nobody asks

    def _join(self, theirs: Keys, ours: Keys) -> None:
        whole = (theirs[0] == theirs[1]) & (ours[0] == ours[1]) & (theirs[0] > 0) & (ours[0] > 0)
        if whole.any():
            self.pairs.append(np.unique(np.stack([theirs[0], ours[1]], axis=1)[whole], axis=0))

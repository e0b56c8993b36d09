"""Pieces of very large components that are one across the seams of the windows in which these are cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.tiling import Box

Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WindowRim:
    """The keys that a window sees on both sides of its four seams, (2, n): the line before a seam, then that behind it.

    There is only one line, or none, at the edge of the plane, where nobody asks.
    """

    top: Keys
    bottom: Keys
    left: Keys
    right: Keys


def rim_of_window(window: Box, seen: Box, keys: Keys) -> WindowRim:
    """The rim of a window, which sees `keys` (h, w) in `seen`, 0 = nothing of a large component."""
    y, x = window.top - seen.top, window.left - seen.left
    bottom, right = y + window.height, x + window.width
    return WindowRim(
        top=keys[max(y - 1, 0) : y + 1, x:right].copy(),
        bottom=keys[bottom - 1 : bottom + 1, x:right].copy(),
        left=keys[y:bottom, max(x - 1, 0) : x + 1].T.copy(),
        right=keys[y:bottom, right - 1 : right + 1].T.copy(),
    )


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

    def meet(self, window: Box, rim: WindowRim | None) -> None:
        """Take the rim of the next window; None where it sees no large component."""
        if window.left == 0:
            self._above, self._below = self._below, self._above
        if rim is None:
            self._left = np.zeros((2, window.height), np.int64)
            self._below[:, window.columns] = 0
            return
        if window.left:
            self._join(self._left, rim.left)
        if window.top:
            self._join(self._above[:, window.columns], rim.top)
        self._left = rim.right
        self._below[: len(rim.bottom), window.columns] = rim.bottom

    def _join(self, theirs: Keys, ours: Keys) -> None:
        whole = (theirs[0] == theirs[1]) & (ours[0] == ours[1]) & (theirs[0] > 0) & (ours[0] > 0)
        if whole.any():
            self.pairs.append(np.unique(np.stack([theirs[0], ours[1]], axis=1)[whole], axis=0))

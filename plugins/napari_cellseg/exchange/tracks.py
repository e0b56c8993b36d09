"""Tracks of cells by their numbers: a cell that is gone for a while goes on as a daughter of its own."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

import numpy as np


class CellTrack(NamedTuple):
    """A stretch of frames in which a cell is there without a break."""

    number: int
    first: int
    last: int
    parent: int
    """Number of the track that goes on in this one; 0: none."""
    cell: int
    """Number of the cell in the annotation."""


def find_tracks(present: Sequence[Set[int]]) -> list[CellTrack]:
    """Tracks of all cells; the first one of a cell has its number, later ones have new numbers.

    Args:
        present: numbers of the cells of each frame.
    """
    cells = set[int]().union(*present)
    free = max(cells, default=0) + 1
    found: list[CellTrack] = []
    for cell in sorted(cells):
        parent = 0
        for first, last in _runs([cell in there for there in present]):
            number = free if parent else cell
            free += bool(parent)
            found.append(CellTrack(number, first, last, parent, cell))
            parent = number
    return found


def _runs(there: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last place of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(int)))
    return [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]

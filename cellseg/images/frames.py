"""Values that fill a whole side of a plane: frames and margins that are too narrow to hold whole squares."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cellseg.arrays import Array
from cellseg.images.lattice_cell import CELL

THICK = 4
"""Pixels that a margin is thick, at least; narrower lines change next to nothing."""
Edge = tuple[int, float]
"""Place of a piece's side along its axis, and the value that fills it, else nan."""


@dataclass(slots=True)
class Sides:
    """Values that fill the four sides of a plane, while its pieces are read, in any order."""

    tops: list[Edge] = field(default_factory=list)
    bottoms: list[Edge] = field(default_factory=list)
    lefts: list[Edge] = field(default_factory=list)
    rights: list[Edge] = field(default_factory=list)

    def add(self, pixels: Array, corner: tuple[int, int]) -> None:
        """A piece (h, w) that begins at this corner of a cell of the lattice, in pixels of the plane."""
        (top, left), (height, width) = corner, pixels.shape
        self.tops.append((-top, _filling(pixels[:THICK])))
        self.bottoms.append((top + height, _filling(pixels[-_thick(height) :])))
        self.lefts.append((-left, _filling(pixels[:, :THICK])))
        self.rights.append((left + width, _filling(pixels[:, -_thick(width) :])))

    def values(self) -> list[float]:
        """Values that fill a whole side, once for each."""
        found = [_common(edges) for edges in (self.tops, self.bottoms, self.lefts, self.rights)]
        return sorted({value for value in found if not np.isnan(value)})


def _thick(length: int) -> int:
    """Pixels that are looked at: no more than lie in the last cell, so that it does not matter how the plane is cut."""
    return min(THICK, (length - 1) % CELL + 1)


def _filling(strip: Array) -> float:
    first = strip.flat[0]
    return float(first) if (strip == first).all() else np.nan


def _common(edges: list[Edge]) -> float:
    """The value of all pieces that lie farthest out; nan where they have none in common."""
    outermost = max(place for place, _ in edges)
    values = {value for place, value in edges if place == outermost}
    return values.pop() if len(values) == 1 else np.nan

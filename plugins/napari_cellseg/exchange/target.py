"""The layer that is imported into or exported from, as planes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Mask, UInt32
from napari_cellseg.annotation import to_file

Incoming = Iterator[tuple[int, UInt32]]
"""Planes that were read, by number in C order, and their values."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """(..., H, W) annotation values and what is known of them."""

    name: str
    """What messages call it."""
    data: Any
    """An array of its axes, in memory or on disk."""
    annotation: bool
    """0 = not annotated, 1 = background, 2 and up = cells; else 0 = background, 1 and up = cells."""
    axes: str = ""
    """Axes that count planes, such as TZ; empty: unknown, or a single plane."""
    plane: int = 0
    """The one on the screen, in C order."""
    image: Path | None = None
    """The file of the image that is annotated."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of a plane."""
        high, wide = self.data.shape[-2:]
        return int(high), int(wide)

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """Lengths of the axes that count planes."""
        return tuple(int(side) for side in self.data.shape[:-2])

    @property
    def planes(self) -> int:
        """Number of planes."""
        return math.prod(self.plane_shape)

    def index(self, plane: int) -> tuple[int, ...]:
        """Index of a plane along the axes that count planes."""
        return tuple(int(k) for k in np.unravel_index(plane, self.plane_shape)) if self.plane_shape else ()

    def read(self, plane: int) -> NDArray[Any]:
        """Its values (H, W)."""
        return np.asarray(self.data[(*self.index(plane), slice(None), slice(None))])

    def cells(self) -> list[tuple[UInt32, Mask]]:
        """Of each plane the cells (H, W), 0 = none, and a mask (H, W) of what nobody annotated."""
        return [to_file(self.read(plane), self.annotation) for plane in range(self.planes)]

    def says(self) -> str:
        """Its size for messages."""
        return f"{self.planes} x {self.shape[0]} x {self.shape[1]}"

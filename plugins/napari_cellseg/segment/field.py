"""The part of an image that is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MOST = 1500
"""Longest side in pixels of what is cut anew while a slider moves."""


@dataclass(frozen=True, slots=True)
class Field:
    """A region of a plane in pixels; not empty."""

    plane: int
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def centre(self) -> tuple[int, int, int]:
        """(plane, y, x)"""
        return self.plane, sum(self.rows) // 2, sum(self.columns) // 2

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]

    def holds(self, plane: int, rows: Sequence[int], columns: Sequence[int]) -> bool:
        """True if it shares a pixel with a region."""
        return (
            self.plane == plane
            and self.rows[0] < rows[1]
            and rows[0] < self.rows[1]
            and self.columns[0] < columns[1]
            and columns[0] < self.columns[1]
        )


def seen_field(
    corners: Sequence[Sequence[float]], at: Sequence[float], shape: Sequence[int], most: int = _MOST
) -> Field:
    """The field between two corners of the canvas.

    Args:
        corners: top left and bottom right (2, 2), y and x, in pixels of the image; may lie outside it.
        at: where the sliders of the other axes stand, in planes.
        shape: (*lead, H, W) of the image.
        most: longest side of the field; of what is larger the middle is taken.
    """
    lead = tuple(shape[:-2])
    index = [int(np.clip(round(value), 0, length - 1)) for value, length in zip(at, lead, strict=True)]
    plane = int(np.ravel_multi_index(index, lead)) if lead else 0
    rows, columns = (_span(corners[0][axis], corners[1][axis], shape[axis - 2], most) for axis in (0, 1))
    return Field(plane, rows, columns)


def _span(low: float, high: float, length: int, most: int) -> tuple[int, int]:
    """The part of [low, high) inside an axis; all of it where nothing of the image is seen."""
    start, stop = max(int(np.floor(low)), 0), min(int(np.ceil(high)), length)
    if start >= stop:
        start, stop = 0, length
    over = max(stop - start - most, 0)
    return start + over // 2, stop - (over - over // 2)

"""Windows of large planes, on which models are judged and cuts are searched: their time and memory have a bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from cellseg.arrays import Shape
from cellseg.labels.meaning import LabelPlane

T = TypeVar("T")
SEARCHED_SIDE = 1 << 10
"""Side in pixels of a window on which the cut is searched."""
SEARCHED_PIXELS = 1 << 22
"""Pixels on which the cut is searched, where planes are larger than a window."""


@dataclass(frozen=True, slots=True)
class Window:
    """Rows and columns of a plane."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> Shape:
        """Height and width in pixels."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def of(self, truth: LabelPlane) -> LabelPlane:
        """The truth in the window; nothing of the plane is kept beside it."""
        at = self.rows, self.columns
        return LabelPlane(truth.instances[at].copy(), truth.classes[at].copy(), truth.ignore[at].copy())


def searched_pixels(planes: int) -> int:
    """Pixels of each of some planes on which the cut is searched at most."""
    return max(SEARCHED_SIDE**2, SEARCHED_PIXELS // max(planes, 1))


def windows_of(truth: LabelPlane, pixels: int, side: int = SEARCHED_SIDE) -> list[Window]:
    """Windows of a plane with no more than so many pixels in all; the whole plane where it is no larger.

    Windows with annotated cells come first, else those with any annotated pixel; of more than are wanted some that are
    spread evenly.

    Args:
        truth: of the plane.
        pixels: of all windows together.
        side: of a window in pixels; of a smaller plane that of the plane.
    """
    height, width = truth.ignore.shape
    if height * width <= pixels:
        return [Window(slice(0, height), slice(0, width))]
    side = min(side, math.isqrt(pixels))
    size = min(side, height), min(side, width)
    every = [
        Window(slice(y, y + size[0]), slice(x, x + size[1]))
        for y, x in product(_starts(height, size[0]), _starts(width, size[1]))
    ]
    told = [one for one in every if truth.classes[one.rows, one.columns].any()]
    told = told or [one for one in every if not truth.ignore[one.rows, one.columns].all()] or every
    return spread(told, max(1, pixels // (size[0] * size[1])))


def spread(found: Sequence[T], count: int) -> list[T]:
    """At most `count` of them, evenly spread; of one the middle one."""
    if len(found) <= count:
        return list(found)
    if count == 1:
        return [found[len(found) // 2]]
    return [found[k * (len(found) - 1) // (count - 1)] for k in range(count)]


def _starts(length: int, side: int) -> list[int]:
    """Starts of windows of this side, so that they cover the length."""
    count = math.ceil(length / side)
    return [round(start) for start in np.linspace(0, length - side, count)]

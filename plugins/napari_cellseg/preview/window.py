"""Pixels that must be read to show a field on the screen: the field, a margin, and every how many."""

from __future__ import annotations

import math
from dataclasses import dataclass

FieldSlices = tuple[slice, slice]
"""Rows and columns of a plane, both with a start and a stop."""


@dataclass(frozen=True, slots=True)
class FieldWindow:
    """A field as it is read: every `step`-th row and column of `read`, of which `shown` is the field itself."""

    step: int
    read: FieldSlices
    """In pixels of the plane, from a multiple of the step on, so that a moving field keeps to the same pixels."""
    shown: FieldSlices
    """In pixels of what was read."""

    @property
    def origin(self) -> tuple[float, float]:
        """Row and column of the plane where the centre of the first pixel shown lies."""
        y, x = (whole.start + part.start * self.step for whole, part in zip(self.read, self.shown, strict=True))
        middle = (self.step - 1) / 2
        return y + middle, x + middle

    @property
    def pixels(self) -> int:
        """Number of pixels read."""
        return math.prod(len(range(part.start, part.stop, self.step)) for part in self.read)


def plan_window(
    field: FieldSlices, shape: tuple[int, int], margin: tuple[float, float], most: int, coarsest: float = 1.0
) -> FieldWindow:
    """Plan the reading of a field.

    Args:
        field: what is seen, within the plane.
        shape: (H, W) of the plane.
        margin: rows and columns around the field that its pixels depend on.
        most: pixels that may be read, margin included.
        coarsest: pixels of the plane in one of the screen; finer is of no use.

    Returns:
        The finest window with at most so many pixels that is not finer than the screen.
    """
    step = max(1, math.floor(coarsest))
    window = _window(field, shape, margin, step)
    while window.pixels > most:
        step = max(step + 1, math.floor(step * math.sqrt(window.pixels / most)))
        window = _window(field, shape, margin, step)
    return window


def _window(field: FieldSlices, shape: tuple[int, int], margin: tuple[float, float], step: int) -> FieldWindow:
    axes = [_along(part, length, wide, step) for part, length, wide in zip(field, shape, margin, strict=True)]
    return FieldWindow(step, (axes[0][0], axes[1][0]), (axes[0][1], axes[1][1]))


def _along(part: slice, length: int, margin: float, step: int) -> tuple[slice, slice]:
    """Range that is read and its part that is shown, along one axis."""
    first, last = part.start // step, -(-part.stop // step)
    start = max(0, math.floor((part.start - margin) / step))
    stop = min(length, math.ceil(part.stop + margin))
    most = len(range(start * step, stop, step))
    return slice(start * step, stop), slice(first - start, min(last - start, most))

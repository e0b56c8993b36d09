"""Part of an image that is predicted while a training runs: the visible one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MOST = 1024
"""Longest side in pixels: a preview must come soon."""


@dataclass(frozen=True, slots=True)
class PlaneRegion:
    """A region of a plane in pixels."""

    plane: tuple[int, ...]
    """Indices of the axes before height and width."""
    rows: slice
    columns: slice


def seen_part(
    corners: Sequence[Sequence[float]], at: Sequence[float], shape: Sequence[int], most: int = _MOST
) -> PlaneRegion:
    """Region to predict: the whole plane where it is small, else the middle of the visible part.

    Args:
        corners: top left and bottom right of the canvas, (2, 2) y and x in pixels; may lie outside the image.
        at: the position on each axis before these, in planes.
        shape: (..., H, W) of the image.
        most: longest side of the part.
    """
    plane = tuple(int(np.clip(round(value), 0, length - 1)) for value, length in zip(at, shape[:-2], strict=True))
    if max(shape[-2:]) <= most:
        return PlaneRegion(plane, slice(0, shape[-2]), slice(0, shape[-1]))
    spans = [_span(corners[0][axis], corners[1][axis], shape[axis - 2], most) for axis in (0, 1)]
    return PlaneRegion(plane, *spans)


def _span(low: float, high: float, length: int, most: int) -> slice:
    start, stop = max(int(np.floor(low)), 0), min(int(np.ceil(high)), length)
    if start >= stop:
        start, stop = 0, length
    over = max(stop - start - most, 0)
    return slice(start + over // 2, stop - (over - over // 2))

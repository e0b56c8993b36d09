"""Cells as outlines along the edges of their pixels, and outlines filled again: one is exactly the other's inverse.

A pixel (y, x) is the square from x to x + 1 and from y to y + 1, as in ImageJ. A path is (n, 2) x and y of its corners.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from cellseg.arrays import Labels

Step = tuple[int, int]
Path2D = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


def trace(mask: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
    """Closed paths (n, 2) int32 around the pieces of a mask (H, W): the mask on the right, holes the other way round.

    Pixels that meet at a corner only are kept apart.
    """
    steps = _edges(mask)
    paths = []
    while steps:
        corners = _follow(steps, next(iter(steps)))
        paths.append(np.array(_without_straight_start(corners), np.int32))
    return paths


def _follow(steps: dict[Step, list[Step]], start: Step) -> list[Step]:
    """Corners of the path from a corner back to it; the steps that it takes are taken out."""
    at, heading, corners = start, (0, 0), list[Step]()
    while at != start or not corners:
        ahead = steps[at]
        step = ahead.pop(ahead.index(_right_of(heading, ahead)))
        if not ahead:
            del steps[at]
        if step != heading:
            corners.append(at)
        at, heading = (at[0] + step[0], at[1] + step[1]), step
    return corners


def fill(paths: Sequence[Path2D], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels of (H, W) whose centres lie inside an odd number of closed paths, (n, 2) x and y each."""
    height, width = shape
    crossings = np.zeros((height, width + 1), bool)
    for path in paths:
        x, y = np.asarray(path, np.float64).T
        for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
            low, high = sorted((y0, y1))
            rows = np.arange(max(0, int(np.ceil(low - 0.5))), min(height, int(np.ceil(high - 0.5))))
            if rows.size:
                at = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
                crossings[rows, np.clip(np.ceil(at - 0.5), 0, width).astype(int)] ^= True
    inside: NDArray[np.bool_] = np.logical_xor.accumulate(crossings, axis=1)[:, :width]
    return inside


def outlines(labels: Labels) -> Iterator[tuple[int, list[NDArray[np.int32]]]]:
    """Number and paths of each cell of a label image (H, W), in the order of the numbers; 0 is background."""
    known = np.unique(labels[labels > 0])
    places = find_objects(np.searchsorted(known, labels, side="right"))  # by rank: gaps would make empty places
    for cell, place in zip(known.tolist(), places, strict=True):
        corner = np.array((place[1].start, place[0].start), np.int32)
        yield cell, [path + corner for path in trace(labels[place] == cell)]


def ellipse(left: float, top: float, width: float, height: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels of (H, W) whose centres lie within an ellipse's bounding box of this place and size."""
    y, x = (np.arange(side) + 0.5 for side in shape)
    down, across = (y - top - height / 2) / (height / 2), (x - left - width / 2) / (width / 2)
    within: NDArray[np.bool_] = down[:, None] ** 2 + across**2 <= 1
    return within


def _edges(mask: NDArray[np.bool_]) -> dict[Step, list[Step]]:
    """Steps along pixel edges from each corner (x, y), the mask on their right."""
    steps: dict[Step, list[Step]] = defaultdict(list)
    padded = np.pad(mask, 1)
    for step, start, outside in (
        ((1, 0), (0, 0), padded[:-2, 1:-1]),
        ((0, 1), (1, 0), padded[1:-1, 2:]),
        ((-1, 0), (1, 1), padded[2:, 1:-1]),
        ((0, -1), (0, 1), padded[1:-1, :-2]),
    ):
        for y, x in np.argwhere(mask & ~outside).tolist():
            steps[x + start[0], y + start[1]].append(step)
    return dict(steps)


def _right_of(heading: Step, ahead: Sequence[Step]) -> Step:
    """Of two steps the one that turns right, y pointing down: it stays at the same pixel."""
    right = (-heading[1], heading[0])
    return right if right in ahead else ahead[0]


def _without_straight_start(corners: list[Step]) -> list[Step]:
    """The path without its first point where it runs straight on there."""
    (x0, y0), (x1, y1), (x2, y2) = corners[-1], corners[0], corners[1]
    return corners[1:] if (x1 - x0) * (y2 - y1) == (x2 - x1) * (y1 - y0) else corners

"""Cut touching cells apart, component by component, so that no block shows.

A component whose bounding box is at most `largest` pixels a side is cut as a whole: the result depends on nothing else
(but on the edge of the plane, beyond which nothing is known). A larger one is cut in the windows of a grid that is
fixed to the plane, each seen with a halo around it; two pieces that touch at a seam of this grid are one where both
windows see no cut between them. So cells up to about the size of the halo are found as in one piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled
from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.plane import LabelledPlane
from cellseg.inference.instances.watershed import basins
from cellseg.inference.instances.window_seams import WindowRim, rim_of_window
from cellseg.inference.tiling import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSizes:
    """Sizes in pixels on which the cut of very large components depends; constants but in tests."""

    largest: int = 1024
    """Longest side of the bounding box of a component that is cut in one piece."""
    window: int = 512
    """Side of the windows in which larger ones are cut."""
    halo: int = 256
    """What a window sees around itself."""


SIZES = SplitSizes()


def windows(grid: Grid) -> Grid:
    """The windows of a plane that is cut into `grid`."""
    return Grid(grid.height, grid.width, SIZES.window)


def cut_window(plane: LabelledPlane, window: Box, diameter: float) -> tuple[NDArray[np.int64], WindowRim | None]:
    """Keys (h, w) of a window of a plane whose instances are cut at their necks, and its rim, see `WindowRim`.

    `diameter`: the usual one of a cell in pixels; 0: each one's own.
    """
    ids = plane.read_box(window)
    present = np.unique(ids)
    present = present[present > 0]
    boxes = plane.boxes[present]
    large = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) > SIZES.largest
    out = np.zeros(ids.shape, np.int64)
    _cut_small(plane, boxes[~large], present[~large], diameter / 2, window, out)
    return out, _cut_large(plane, present[large], diameter / 2, window, out)


def _cut_small(
    plane: LabelledPlane,
    own: NDArray[np.int32],
    ids: NDArray[np.uint32],
    radius: float,
    window: Box,
    out: NDArray[np.int64],
) -> None:
    if len(ids) == 0:
        return
    top, left, bottom, right = int(own[:, 0].min()), int(own[:, 1].min()), int(own[:, 2].max()), int(own[:, 3].max())
    seen = plane.grid.around(Box(top, left, bottom - top, right - left), 1)
    labels, at, into = plane.read_box(seen), (seen.top, seen.left), (window.top, window.left)
    _cut_each(labels, at, ids, own, radius, plane.grid.width, into, out)


def _cut_large(
    plane: LabelledPlane, ids: NDArray[np.uint32], radius: float, window: Box, out: NDArray[np.int64]
) -> WindowRim | None:
    if len(ids) == 0:
        return None
    seen = plane.grid.around(window, SIZES.halo)
    views = np.zeros((seen.height, seen.width), np.int64)
    seen_large = np.isin(plane.read_box(seen), ids)  # all at once: no two components are 4-neighbours
    _add_keys(seen_large, radius, seen.top, seen.left, plane.grid.width, views)
    y, x = window.top - seen.top, window.left - seen.left
    out += views[y : y + window.height, x : x + window.width]
    return rim_of_window(window, seen, views)


@compiled
def _cut_each(
    labels: NDArray[np.uint32],
    at: tuple[int, int],
    ids: NDArray[np.uint32],
    boxes: NDArray[np.int32],
    radius: float,
    width: int,
    window: tuple[int, int],
    out: NDArray[np.int64],
) -> None:
    """Write the keys of instances to a window, each seen alone and whole with one pixel around it."""
    for k in range(len(ids)):
        top, left = max(boxes[k, 0] - 1 - at[0], 0), max(boxes[k, 1] - 1 - at[1], 0)
        bottom, right = boxes[k, 2] + 1 - at[0], boxes[k, 3] + 1 - at[1]
        inside = labels[top:bottom, left:right] == ids[k]
        found = basins(inside, radius)
        for y in range(found.shape[0]):
            for x in range(found.shape[1]):
                v, u = y + top + at[0] - window[0], x + left + at[1] - window[1]
                if inside[y, x] and 0 <= v < out.shape[0] and 0 <= u < out.shape[1]:
                    peak_y, peak_x = found[y, x] // found.shape[1], found[y, x] % found.shape[1]
                    out[v, u] = (peak_y + top + at[0]) * width + peak_x + left + at[1] + 1


@compiled
def _add_keys(
    inside: NDArray[np.bool_], radius: float, top: int, left: int, width: int, out: NDArray[np.int64]
) -> None:
    """Write the keys of instances, as far as they lie in a region whose corner is `top`, `left` in the plane."""
    found = basins(inside, radius)
    for y in range(inside.shape[0]):
        for x in range(inside.shape[1]):
            if inside[y, x]:
                out[y, x] = (found[y, x] // inside.shape[1] + top) * width + found[y, x] % inside.shape[1] + left + 1

"""Ground truth of a frame of the Cell Tracking Challenge: unlabelled is not background.

The rule, for each frame:

1. Gold cells are cells. A silver cell is added unless it is one of them (half of either lies in the other), where gold
   has nothing.
2. A marker less than half inside a cell stands for a cell that nobody outlined. It is ignored with a band around it,
   as wide as 90 % of the outlined cells reach from their own markers.
3. Markers or silver truth that know at least 90 % of the gold cells know all cells of the frame, but for a strip along
   the rim: the challenge leaves out cells that lie wholly in it (25 or 50 pixels, in most data sets). The strip is as
   wide as no outlined cell of the sequence lies in it, 50 pixels at most.
4. In the strip, and everywhere without a source that knows all cells, what looks like a cell is ignored: objects at
   least a quarter as large as the median cell, on the cells' side of the grey value halfway between that of cells and
   that around them, with a band around them of half a cell's radius. Where cells do not stand out from what is
   around them (by more than one standard deviation), all but such a band around the outlined cells is ignored.
5. What is left is background.

Source of the facts: celltrackingchallenge.net, "Annotations" and "Evaluation methodology".
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Float32, Int32, Labels, Mask

SAME = 0.5
KNOWN = 0.9
WIDEST_STRIP = 50


def annotate(
    gold: Labels,
    silver: Labels | None = None,
    markers: Labels | None = None,
    image: Float32 | None = None,
    strip: int = 0,
) -> tuple[Int32, Mask]:
    """Cells of a frame and where it is annotated, by the rule above.

    Args:
        gold: (H, W), any integer type, 0 = nothing drawn, other values = cells; gaps in the numbers are fine.
        silver: the same, computed.
        markers: (H, W) a mark for each cell, where there are some.
        image: (H, W) grey values, which tell where neither silver truth nor markers do; without it all is ignored
            there but the cells.
        strip: width of the strip along the rim in pixels in which cells were left out.

    Returns:
        (H, W) int32 cells, gold with its own order, numbered from 1, and (H, W) bool, True = known.
    """
    outlined = _numbered(gold)
    silver, markers = (None if found is None else _numbered(found) for found in (silver, markers))
    cells = outlined if silver is None else _filled(outlined, silver)
    doubtful = rim_distance(cells.shape) < strip
    if not any(found is not None and _knows_all(outlined, found) for found in (silver, markers)):
        doubtful[:] = True
    unknown = doubtful & unlike_background(cells, image) if doubtful.any() else doubtful
    if markers is not None:
        unknown |= _around_lone_markers(cells, markers)
    return _numbered(cells), ~unknown | (cells > 0)


def strip_width(frames: Iterable[Labels]) -> int:
    """Width in pixels of the strip along the rim that holds no cell wholly, over all frames (H, W) of a sequence."""
    depths: list[int] = []
    for cells in map(_numbered, frames):
        depths += list(ndimage.maximum(rim_distance(cells.shape), cells, np.arange(1, cells.max(initial=0) + 1)))
    return int(min(depths, default=0))


def rim_distance(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """(H, W) pixels between each pixel and the nearest edge of the image, at most `WIDEST_STRIP`."""
    rows, columns = (np.minimum(np.arange(side), np.arange(side)[::-1]) for side in shape)
    return np.minimum(np.minimum(rows[:, None], columns), WIDEST_STRIP)


def unlike_background(cells: Int32, image: Float32 | None) -> Mask:
    """Pixels that may belong to cells without an outline, by the grey values of the outlined `cells`: rule 4.

    Args:
        cells: (H, W) int32, 0 = not outlined.
        image: (H, W).

    Returns:
        (H, W) bool; all outside the cells where there is no image or no cell to judge by.
    """
    outside_cells: Mask = cells == 0
    areas = np.bincount(cells.ravel())[1:]
    if image is None or not areas.any():
        return outside_cells
    area = float(np.median(areas[areas > 0]))
    radius = float(np.sqrt(area / np.pi))
    distance = ndimage.distance_transform_edt(outside_cells)
    around = (distance > 1) & (distance <= max(radius / 2, 2))
    smooth = ndimage.gaussian_filter(image.astype(np.float32), radius / 4)
    inside, outside = smooth[cells > 0], smooth[around]
    difference = float(np.median(inside) - np.median(outside)) if outside.size else 0.0
    if abs(difference) <= float(outside.std() if outside.size else 0.0):
        outside_cells &= distance > max(radius / 2, 2)
        return outside_cells
    beyond = np.sign(difference) * (smooth - (np.median(outside) + difference / 2)) > 0
    objects = _large(beyond & (distance > max(radius / 4, 1)), area / 4)
    near: Mask = _within(objects, radius / 2) & outside_cells
    return near


def _filled(gold: Int32, silver: Int32) -> Int32:
    """Gold, and the silver cells that it lacks."""
    there = _overlap(silver, gold)[1:, 1:]
    sizes, others = (np.bincount(found.ravel())[1:] for found in (silver, gold))
    same = (there >= SAME * sizes[:, None]) | (there >= SAME * others)
    lacking = np.concatenate([[False], ~same.any(axis=1)])
    return np.where((gold == 0) & lacking[silver], silver + gold.max(), gold).astype(np.int32)


def _knows_all(gold: Int32, found: Int32) -> bool:
    """True if silver cells or markers (H, W) stand for nearly all gold cells."""
    there = _overlap(found, gold)[1:, 1:]
    sizes, others = (np.bincount(known.ravel())[1:] for known in (found, gold))
    known = ((there >= SAME * sizes[:, None]) | (there >= SAME * others)).any(axis=0)
    return bool(found.any() and known.sum() >= KNOWN * known.size)


def _around_lone_markers(cells: Int32, markers: Int32) -> Mask:
    """Markers outside the cells, with a band around them."""
    there = _overlap(markers, cells)
    lone = there[:, 1:].sum(axis=1) < SAME * there.sum(axis=1)
    lone[0] = False
    alone = lone[markers]
    return _within(alone, _reach(cells, np.where(alone, 0, markers))) if lone.any() else alone


def _reach(cells: Int32, markers: Int32) -> float:
    """Distance that cells reach from their markers; without any to measure, three times the width of a marker."""
    marked = np.unique(cells[(cells > 0) & (markers > 0)])
    if marked.size:
        distance = ndimage.distance_transform_edt(markers == 0)
        return float(np.percentile(ndimage.maximum(distance, cells, marked), 90))
    areas = np.bincount(markers.ravel())[1:]
    return 3 * float(np.sqrt(np.median(areas[areas > 0]))) if areas.any() else float(WIDEST_STRIP)


def _large(mask: Mask, least: float) -> Mask:
    """The pieces of a mask of at least so many pixels."""
    pieces = ndimage.label(mask)[0]
    keep = np.bincount(pieces.ravel()) >= least
    keep[0] = False
    large: Mask = keep[pieces]
    return large


def _within(mask: Mask, distance: float) -> Mask:
    """Pixels within a distance of a mask."""
    if not mask.any():
        return mask
    near: Mask = ndimage.distance_transform_edt(~mask) <= distance
    return near


def _overlap(one: Labels, other: Labels) -> NDArray[np.int64]:
    """(n + 1, m + 1) pixels that cell i of one and cell j of the other image share; both are numbered from 1."""
    shape = int(one.max(initial=0)) + 1, int(other.max(initial=0)) + 1
    together = one.ravel().astype(np.int64) * shape[1] + other.ravel()
    return np.bincount(together, minlength=shape[0] * shape[1]).reshape(shape)


def _numbered(labels: Labels) -> Int32:
    """Cells 1..n in the order of their numbers, 0 stays."""
    known = np.unique(np.append(labels.ravel(), 0))
    return np.searchsorted(known, labels).astype(np.int32)

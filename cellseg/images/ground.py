"""Ground of one grey value: the background of an image from which it was subtracted or cut off, and no margin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from cellseg.arrays import Float64, Mask
from cellseg.images.filled_areas import FilledAreas, filled_areas
from cellseg.images.lattice_cell import WHOLE

MOSTLY_EDGE = 0.8
"""Part of the rest that lies at the edge of the value, from which on the value surrounds objects."""
PARTLY_EDGE, PIECES = 0.3, 4
"""The same where there are several pieces, such as larger objects; and how many pieces there are at least."""
FIELD = 4
"""Side of a field of a mosaic in areas, at least."""
FRAMED = 8
"""Side of a framed field in areas, at least; what is round and so large is never a rectangle of areas."""


def grounds_among(grid: Float64, values: Sequence[float]) -> list[float]:
    """Values that lie around objects; the others are those of margins around fields, or of holes in them.

    Objects are small: they lie at the edge of what is of the value, or there are many pieces of one or the other.
    Fields are large, or rectangles.

    Args:
        grid: measures (rows, columns, 5) of all areas of a plane, from `area_grid`.
        values: those that fill whole squares.
    """
    rest: Mask = ~np.all(np.isin(grid[..., WHOLE], values), axis=-1)
    if not len(values) or not rest.any():
        return []
    count, objects = np.count_nonzero(rest), _are_objects(rest)

    def is_ground(filled: FilledAreas) -> bool:
        edge = float(np.count_nonzero(rest[filled.part] & ndimage.maximum_filter(filled.areas, 3)) / count)
        return edge >= MOSTLY_EDGE or (edge >= PARTLY_EDGE and (objects or _are_objects(filled.areas)))

    found = zip(values, filled_areas(grid, values), strict=True)
    return [value for value, filled in found if filled is not None and is_ground(filled)]


def _are_objects(areas: Mask) -> bool:
    """True for many pieces of which few are large rectangles, as the fields of a mosaic are."""
    pieces, count = ndimage.label(areas)
    fields = [bool(areas[box].all()) for box in ndimage.find_objects(pieces) if min(areas[box].shape) >= FIELD]
    return bool(count >= PIECES and sum(fields) <= count / 2)


def frames_among(grid: Float64, values: Sequence[float]) -> list[float]:
    """Values that lie around nothing but large rectangles; at their edges is nothing to see.

    Objects on ground of one value are no such rectangles.

    Args:
        grid: measures (rows, columns, 5) of all areas of a plane, from `area_grid`.
        values: those that fill whole squares, or a side of the plane.
    """
    return [value for value in values if _is_frame(margin_of(grid, value))]


def margin_of(grid: Float64, value: float) -> Mask:
    """Areas (rows, columns) that a value fills and those around them, and at the plane's sides all that hold it."""
    equal: Mask = grid[..., WHOLE] == value
    margin: Mask = ndimage.maximum_filter(equal.all(axis=-1), 3)
    side = np.ones_like(margin)
    side[1:-1, 1:-1] = False
    return margin | (side & equal.any(axis=-1))


def _is_frame(margin: Mask) -> bool:
    pieces, count = ndimage.label(~margin)
    fields = [box for box in ndimage.find_objects(pieces) if min(margin[box].shape) >= FRAMED and not margin[box].any()]
    return bool(margin.any() and count == len(fields) > 0)

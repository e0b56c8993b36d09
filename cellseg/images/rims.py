"""Grey values at the rim of margins and missing parts, with which these are filled.

The usual value of the whole plane would not do: dark ground at the edge of a bright tissue would get a bright margin,
and the edge between them is found as an object.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from cellseg.arrays import Array, Float64, Mask
from cellseg.images.filled_areas import AROUND, FilledAreas, filled_areas
from cellseg.images.lattice_cell import AREA, USUAL, WHOLE

RIM = AROUND
"""Areas around a filled one that tell what lies at its rim."""


def rim_values(grid: Float64, values: Sequence[float]) -> tuple[float, ...]:
    """The usual grey value at the rim of what each of the values fills; that of the plane where it has no rim.

    Args:
        grid: measures (rows, columns, 5) of all areas of a plane, from `area_grid`.
        values: those that fill whole areas.
    """
    inside, whole = grid[..., USUAL], grid[..., WHOLE]
    if np.isnan(inside).all():
        inside = whole.mean(axis=-1)
    known = ~np.isnan(inside)
    usual = float(np.median(inside[known]))
    rims = (None if one is None else _rim(inside[one.part], known[one.part], one) for one in filled_areas(grid, values))
    return tuple(usual if rim is None or not rim.size else float(np.median(rim)) for rim in rims)


def _rim(inside: Float64, known: Mask, filled: FilledAreas) -> Float64:
    """Known values (n,) at the rim of filled areas, and within them; all arrays (h, w) are those of their part."""
    rim: Float64 = inside[ndimage.maximum_filter(filled.areas, 2 * RIM + 1) & known]
    return rim


def area_grid(areas: Sequence[Array], corners: Sequence[tuple[int, int]]) -> Float64:
    """Measures (rows, columns, 5) of all areas of a plane, from those of each cell and its corner in pixels."""
    starts = [(y // AREA, x // AREA) for y, x in corners]
    ends = [(y + len(each), x + each.shape[1]) for (y, x), each in zip(starts, areas, strict=True)]
    grid = np.empty((*np.max(ends, axis=0), areas[0].shape[-1]))
    for (top, left), (bottom, right), each in zip(starts, ends, areas, strict=True):
        grid[top:bottom, left:right] = each
    return grid

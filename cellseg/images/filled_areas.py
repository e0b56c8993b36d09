"""Areas that single grey values fill, each looked at in its own part of the plane: there may be thousands of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cellseg.arrays import Array, Float64, Mask
from cellseg.images.lattice_cell import WHOLE

AROUND = 2
"""Areas around the filled ones that belong to their part of the plane."""
Part = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class FilledAreas:
    """The areas that a value fills."""

    part: Part
    """Rows and columns that hold all of them, and `AROUND` more at each side where the plane goes on."""
    areas: Mask
    """(h, w) of the part: the areas that the value fills."""


def filled_areas(grid: Float64, values: Sequence[float]) -> list[FilledAreas | None]:
    """The areas that each of the values fills; None where it fills none.

    Args:
        grid: measures (rows, columns, 5) of all areas of a plane, from `area_grid`.
        values: different ones.
    """
    low, high = np.moveaxis(grid[..., WHOLE], -1, 0)
    numbers = np.where(low == high, numbers_of(low, values), 0)
    return [
        None if part is None else FilledAreas(part, numbers[part] == number)
        for number, part in enumerate(parts_of(numbers, len(values), AROUND), 1)
    ]


def numbers_of(pixels: Array, values: Sequence[float]) -> Array:
    """(H, W) k + 1 where a pixel has the value values[k], and 0 elsewhere."""
    known = np.asarray(values, np.float64)
    if not known.size:
        return np.zeros(pixels.shape, np.int64)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], pixels), len(known) - 1)
    return np.where(known[order][at] == pixels, order[at] + 1, 0)


def parts_of(numbers: Array, count: int, around: int) -> list[Part | None]:
    """The part of (H, W) numbers that holds each of 1 to `count`, and so many pixels more; None where none does."""
    return [box and _wider(box, around) for box in ndimage.find_objects(numbers, max_label=count)]


def _wider(box: Part, around: int) -> Part:
    rows, columns = (slice(max(one.start - around, 0), one.stop + around) for one in box)
    return rows, columns

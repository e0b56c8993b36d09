"""Candidates for the cut of probabilities into cells: thresholds, and the size below which a cell is dirt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = (0.01, 0.02, 0.03, 0.05, 0.07, *(round(0.05 * k, 2) for k in range(2, 20)), 0.97)
"""Close together where the weights of the borders push the probabilities of EM."""
SHARES = (0.0, 1 / 16, 1 / 8, 1 / 4)
"""Minimum sizes that are tried, as parts of the median size of the true cells."""
DENSE = 0.5
"""Part of the foreground from which on cells fill the image, as in EM."""
HOLE = 0.25
"""Holes of up to so much of the median cell's area are filled before cells are cut apart."""
PART_OF_SMALLEST, PART_OF_USUAL = 0.5, 0.25
"""What is smaller than these parts of the smallest and of the usual annotated cell is none."""


def sizes_to_try(truths: Iterable[NDArray[Any]]) -> list[int]:
    """Minimum sizes in pixels, ascending from 0, for label images with these cells (0 = background)."""
    areas = areas_of(truths)
    return sorted({round(float(np.median(areas)) * share) for share in SHARES}) if areas.size else [0]


def diameter_of(truths: Iterable[NDArray[Any]]) -> float:
    """Diameter in pixels of a disc with the area of the median cell of all label images; 0 without cells."""
    areas = areas_of(truths)
    return disc_diameter(float(np.median(areas))) if areas.size else 0.0


def disc_diameter(area: float) -> float:
    """Diameter in pixels of a disc with this area."""
    return float(np.sqrt(4 / np.pi * area))


def areas_of(truths: Iterable[NDArray[Any]]) -> NDArray[np.int64]:
    """Pixels of each cell of label images (0 = background), image by image."""
    areas = [np.unique(cells[cells > 0], return_counts=True)[1] for cells in truths]
    return np.concatenate([np.zeros(0, np.int64), *areas])


def smallest_cell(areas: NDArray[np.int64]) -> int:
    """Pixels that a cell has at least, by the areas of cells of which perhaps strokes alone are annotated.

    What is smaller is less than half of the smallest one and a quarter of the usual one. 0 of none.
    """
    if not areas.size:
        return 0
    return int(min(PART_OF_SMALLEST * areas.min(), PART_OF_USUAL * np.median(areas)))

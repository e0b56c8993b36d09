"""Measures of one cell of the lattice on which grey levels are measured; nothing outside the cell changes them."""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Float64, Mask
from cellseg.compiled import compiled

CELL = 64
"""Side of a cell of the lattice in pixels."""
AREA = 16
"""Side of an area in pixels; a cell holds 4 x 4 of them."""
SQUARE = 32
"""Side in pixels of the squares of one value that may belong to a margin; a cell holds 2 x 2 of them."""
FEWEST = 32
"""Pixels beside flat places that an area needs to count."""
APART = 3
"""Pixels between two that have nothing in common, but where noise has a grain."""
SPARSE = 7
"""Every so many pixels of an area count for its median, which is quicker."""
PLAIN, WHOLE, USUAL = slice(0, 2), slice(2, 4), 4
"""Columns of an area's measures: levels without its flat places, levels of all, median without its flat places."""


def flat_values(cell: Float64) -> list[float]:
    """Values that fill squares of the cell, once for each."""
    corners = [(y, x) for y in range(0, CELL, SQUARE) for x in range(0, CELL, SQUARE)]
    squares = [cell[y : y + SQUARE, x : x + SQUARE] for y, x in corners]
    whole = [square for square in squares if square.shape == (SQUARE, SQUARE)]
    return [float(square[0, 0]) for square in whole if (square == square[0, 0]).all()]


@compiled
def medians(cell: Float64) -> tuple[Float64, Mask]:
    """Medians of 3 x 3 pixels, mirrored so that a line at the edge is one; and where these 3 x 3 have one value."""
    height, width = cell.shape
    wide = np.empty((height + 2, width + 2))
    wide[1:-1, 1:-1] = cell
    wide[0, 1:-1], wide[-1, 1:-1] = cell[min(1, height - 1)], cell[max(height - 2, 0)]
    wide[:, 0], wide[:, -1] = wide[:, min(2, width)], wide[:, max(width - 1, 1)]
    middle, flat = np.empty_like(cell), np.zeros(cell.shape, np.bool_)
    for y in range(height):
        for x in range(width):
            # rows in order, then: the largest of the lows, the middle of the middles, the smallest of the highs
            a, b, c = _ordered(wide[y, x], wide[y, x + 1], wide[y, x + 2])
            d, e, f = _ordered(wide[y + 1, x], wide[y + 1, x + 1], wide[y + 1, x + 2])
            g, h, i = _ordered(wide[y + 2, x], wide[y + 2, x + 1], wide[y + 2, x + 2])
            low, high = max(a, d, g), min(c, f, i)
            middle[y, x] = _ordered(low, _ordered(b, e, h)[1], high)[1]
            flat[y, x] = min(a, d, g) == max(c, f, i)
    return middle, flat


@compiled
def _ordered(a: float, b: float, c: float) -> tuple[float, float, float]:
    """The three numbers, smallest first."""
    low, high = min(a, b), max(a, b)
    return min(low, c), max(low, min(high, c)), max(high, c)


@compiled
def near_flat(flat: Mask) -> Mask:
    """Pixels at most 3 from a flat one: a flat place, its rim, and what the median of 3 x 3 mixes with it."""
    height, width = flat.shape
    across, near = np.zeros_like(flat), np.zeros_like(flat)
    for y in range(height):
        for x in range(width):
            if flat[y, x]:
                across[y, max(x - 3, 0) : min(x + 4, width)] = True
    for y in range(height):
        for x in range(width):
            if across[y, x]:
                near[max(y - 3, 0) : min(y + 4, height), x] = True
    return near


@compiled
def area_levels(middle: Float64, near: Mask) -> Float64:
    """Measures (rows, columns, 5) of each area of a cell: see `PLAIN`, `WHOLE`, `USUAL`; nan: it has none."""
    height, width = middle.shape
    rows, columns = -(-height // AREA), -(-width // AREA)
    found, values = np.full((rows, columns, 5), np.nan), np.empty(AREA * AREA)
    for row in range(rows):
        for column in range(columns):
            low, high, least, most, plain = np.inf, -np.inf, np.inf, -np.inf, 0
            for y in range(row * AREA, min(row * AREA + AREA, height)):
                for x in range(column * AREA, min(column * AREA + AREA, width)):
                    low, high = min(low, middle[y, x]), max(high, middle[y, x])
                    if not near[y, x]:
                        least, most = min(least, middle[y, x]), max(most, middle[y, x])
                        values[plain] = middle[y, x]
                        plain += 1
            found[row, column, 2], found[row, column, 3] = low, high
            if plain >= FEWEST:
                found[row, column, 0], found[row, column, 1] = least, most
                found[row, column, 4] = np.median(values[:plain:SPARSE])
    return found


@compiled
def texture(cell: Float64, flat: Mask) -> tuple[float, float, float]:
    """Median and smallest difference of neighbours that are not flat, median of those `APART` apart; nan: none."""
    height, width = cell.shape
    near, apart = np.empty(cell.size), np.empty(cell.size)
    count, far, step = 0, 0, np.inf
    for y in range(height):
        for x in range(width):
            if flat[y, x]:
                continue
            if x + 1 < width and not flat[y, x + 1]:
                near[count] = abs(cell[y, x] - cell[y, x + 1])
                if 0 < near[count] < step:
                    step = near[count]
                count += 1
            if x + APART < width and not flat[y, x + APART]:
                apart[far] = abs(cell[y, x] - cell[y, x + APART])
                far += 1
    if count == 0:
        return np.nan, np.nan, np.nan
    return np.median(near[:count]), step if step < np.inf else np.nan, np.median(apart[:far]) if far else np.nan

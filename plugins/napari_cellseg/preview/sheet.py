"""A contact sheet of elastic deformations: a field as it is, with a grid, and deformed as in training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.options import AugmentOptions

DEFORMED = 6
COLUMNS = 4
LARGEST = 572
"""Side of the part of the field that is shown: the paper's input tile, whose corners the grid of vectors spans."""
_LINES = 12
"""Squares of the drawn grid along the shorter side."""
GAP = 6
INK = (255, 176, 0)
"""Of the grid: seen by people who cannot tell red from green."""


def middle(field: tuple[slice, slice]) -> tuple[slice, slice]:
    """Rows and columns of the part of a field that the sheet shows."""
    sides = []
    for part in field:
        length = min(part.stop - part.start, LARGEST)
        start = part.start + (part.stop - part.start - length) // 2
        sides.append(slice(start, start + length))
    return sides[0], sides[1]


def contact_sheet(image: NDArray[np.uint8], options: AugmentOptions, seed: int) -> NDArray[np.uint8]:
    """The field, the field with a grid, and `DEFORMED` deformed versions of both.

    Args:
        image: (H, W, 3), as it is seen on the screen.
        options: `elastic` and `grid` are used.
        seed: all chance follows from it.

    Returns:
        (h, w, 3) in rows of `COLUMNS`.
    """
    shape = image.shape[:2]
    lines = grid_lines((shape[0], shape[1]))
    rng = np.random.default_rng(seed)
    cells = [image, _inked(image, lines)]
    for _ in range(DEFORMED):
        field = cellseg.displacement_field((shape[0], shape[1]), rng, (options.grid, options.grid), options.elastic)
        moved = np.moveaxis(cellseg.warp(np.moveaxis(image, -1, 0), field, 1), 0, -1)
        cells.append(_inked(moved, cellseg.warp(lines, field, 0)))
    return _arranged(cells)


def as_seen(pixels: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Pixels (H, W) or (H, W, 3 or 4) as grey or colours (H, W, 3): `low` is black, `high` is white."""
    light = (pixels[..., :3].astype(np.float32) if pixels.ndim == 3 else pixels[..., None].astype(np.float32)) - low
    light /= max(high - low, 1e-30)
    return np.broadcast_to((np.clip(light, 0, 1) * 255 + 0.5).astype(np.uint8), (*pixels.shape[:2], 3))


def grid_lines(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W), True on the lines of a grid of squares with `_LINES` of them along the shorter side."""
    pitch = max(min(shape) / _LINES, 4)
    width = max(2, min(shape) // 250)
    rows, columns = ((np.arange(side) % pitch) < width for side in shape)
    lines: NDArray[np.bool_] = rows[:, None] | columns
    return lines


def _inked(image: NDArray[np.uint8], lines: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(lines[..., None], np.array(INK, np.uint8), image)


def _arranged(cells: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures (h, w, 3) of one size side by side in rows, parted by white."""
    high, wide = cells[0].shape[:2]
    rows = -(-len(cells) // COLUMNS)
    sheet = np.full((rows * (high + GAP) - GAP, COLUMNS * (wide + GAP) - GAP, 3), 255, np.uint8)
    for k, cell in enumerate(cells):
        top, left = (k // COLUMNS) * (high + GAP), (k % COLUMNS) * (wide + GAP)
        sheet[top : top + high, left : left + wide] = cell
    return sheet

"""Colours of annotations: nothing where nobody annotated, a muted tone for background, bright ones for cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotation import FIRST_CELL

BACKGROUND_RGBA = (0.38, 0.45, 0.55, 0.45)
"""Muted, half transparent: annotated, and no cell."""

CELL_HUES = (
    (0.902, 0.624, 0.000),  # orange
    (0.337, 0.706, 0.914),  # sky blue
    (0.835, 0.369, 0.000),  # vermilion
    (0.000, 0.620, 0.451),  # bluish green
    (0.941, 0.894, 0.259),  # yellow
    (0.800, 0.475, 0.655),  # reddish purple
    (0.000, 0.447, 0.698),  # blue
)
"""Okabe and Ito, Color Universal Design (2008): colour-blind people can tell them apart. Neighbours in the list, which
neighbouring numbers get, differ most in lightness."""

_SHADES = (1.0, 0.72, 1.3)
"""After every round of hues the next shade."""

CELL_COLOURS = 254
"""So many colours; with nothing and background they fill one byte, which is what the graphics card is given."""


BLOCK = 1 << 20
"""So many values are looked up at a time: a plane can have a hundred million."""


def cell_colours(count: int = CELL_COLOURS) -> NDArray[np.float32]:
    """Colours of cells 2, 3, ..., (count, 4) RGBA from 0 to 1."""
    numbers = np.arange(count)
    hues = np.array(CELL_HUES, np.float32)[numbers % len(CELL_HUES)]
    shade = np.array(_SHADES, np.float32)[numbers // len(CELL_HUES) % len(_SHADES)][:, None]
    shaded = np.where(shade <= 1, hues * shade, 1 - (1 - hues) / shade**2)
    return np.concatenate((shaded, np.ones((count, 1), np.float32)), axis=1).astype(np.float32)


def palette() -> NDArray[np.float32]:
    """Colours of 0, 1, 2, ..., (256, 4) RGBA."""
    fixed = np.array([(0, 0, 0, 0), BACKGROUND_RGBA], np.float32)
    return np.concatenate((fixed, cell_colours()))


def colour_number(values: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Row of the palette for each value; cells take turns, and only 0 and 1 have the first two."""
    flat = values.reshape(-1)
    numbers = np.zeros(flat.shape, np.uint8)  # where nothing is annotated no memory is touched
    for start in range(0, flat.size, BLOCK):
        part = flat[start : start + BLOCK]
        highest = part.max()
        if 0 < highest < CELL_COLOURS + FIRST_CELL:
            numbers[start : start + BLOCK] = part
        elif highest:
            numbers[start : start + BLOCK] = np.where(
                part < FIRST_CELL, part, (part - FIRST_CELL) % CELL_COLOURS + FIRST_CELL
            )
    return numbers.reshape(values.shape)

"""Masks stored with white as zero (Photometric 0), read as every viewer shows them: white is the cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.images.source import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class InvertedMask:
    """Sheets of a mask whose stored 0 is white."""

    stored: Pixels
    white: int
    """Value given out for white."""

    @property
    def block(self) -> tuple[int, int]:
        """As the values are stored."""
        return self.stored.block

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        """White (h, w) as the largest value, black as 0."""
        return self.white - self.stored.read(sheet, rows, columns)


def as_shown(stored: Pixels, sheets: int, size: tuple[int, int], bits: int) -> Pixels:
    """The sheets of a label image whose photometric interpretation is white-is-zero.

    Args:
        stored: sheets of uint8.
        sheets: their number.
        size: height and width in pixels.
        bits: per pixel, in the file.

    Returns:
        Bilevel images and 8-bit masks of 0 and 255 turned over; numbered cells as they are stored.
    """
    white = 2**bits - 1
    if bits > 8 or (bits > 1 and not _is_mask(stored, sheets, size, white)):
        return stored
    return InvertedMask(stored, white)


def _is_mask(stored: Pixels, sheets: int, size: tuple[int, int], white: int) -> bool:
    """True if both 0 and white occur, and nothing else."""
    found: set[int] = set()
    for sheet in range(sheets):
        found.update(np.unique(stored.read(sheet, slice(0, size[0]), slice(0, size[1]))).tolist())
        if not found <= {0, white}:
            return False
    return found == {0, white}

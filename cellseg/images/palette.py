"""Palette images: what their values mean.

A file by ImageJ: the palette is a choice of display colours, the values are the picture. Any other file:
the values are looked up, a grey palette gives one channel and a coloured one three (uint8). In label
images a palette is always for display.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cellseg.images.source import Pixels

PaletteRule = Literal["lookup", "index"]


@dataclass(frozen=True, slots=True, eq=False)
class PalettePixels:
    """Sheets of palette numbers looked up in a table, one sheet for each of its rows."""

    indexes: Pixels
    table: NDArray[np.uint8]
    """(channels, values)"""
    samples: int = 1
    """Samples of a pixel in the file; the first is the number, others are alpha."""

    @property
    def block(self) -> tuple[int, int]:
        """As the numbers are stored."""
        return self.indexes.block

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        number, channel = divmod(sheet, len(self.table))
        looked_up: NDArray[np.uint8] = self.table[channel][self.indexes.read(number * self.samples, rows, columns)]
        return looked_up


def lookup_table(colours: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The palette of a TIFF, (3, values) of 16 bits, as (1, values) if it is grey, else (3, values), of 8 bits.

    Old writers filled it with values of 8 bits; libtiff, too, takes one without larger values for such a palette.
    """
    if colours.ndim != 2 or not colours.size:
        raise ValueError(f"its palette has the shape {colours.shape}")
    table = (colours >> 8 if colours.max(initial=0) > 255 else colours).astype(np.uint8)
    grey = (table == table[0]).all()
    return table[:1] if grey else table

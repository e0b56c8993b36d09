"""Compressed tiles of a smaller copy, kept on disk until the image itself is written.

A TIFF's smaller copies follow the image, but are made while it passes by.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class TileSpool:
    """Tiles of one level, in the order in which they came."""

    file: IO[bytes]
    """Open for writing and reading, empty."""
    tile: tuple[int, int]
    """Height and width of a tile."""
    level: int
    """Of compression."""
    lengths: list[int] = field(default_factory=list)
    """Bytes of each tile."""

    def add(self, rows: NDArray[Any]) -> None:
        """Full rows (h, W), no more than a tile high; at the edges tiles are filled up with zeros."""
        for left in range(0, rows.shape[1], self.tile[1]):
            part = rows[:, left : left + self.tile[1]]
            tile = np.zeros(self.tile, rows.dtype.newbyteorder("<"))
            tile[: part.shape[0], : part.shape[1]] = part
            packed = zlib.compress(tile.data, self.level)
            self.file.write(packed)
            self.lengths.append(len(packed))

    def tiles(self) -> Iterator[bytes]:
        """The tiles as a TIFF stores them, compressed by deflate."""
        self.file.seek(0)
        for length in self.lengths:
            yield self.file.read(length)

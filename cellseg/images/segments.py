"""Planes that are stored in pieces of one size: strips, tiles, chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cellseg.arrays import Shape
from cellseg.errors import InputError
from cellseg.wording import size_of

LARGEST_SEGMENT = 2**28
"""Bytes of a decoded piece; any reader has to hold a whole one in memory."""


def refuse_huge_piece(segment: Shape, nbytes: int, path: Path) -> None:
    """InputError for a compressed piece of this height and width that has more than `LARGEST_SEGMENT` bytes."""
    if nbytes > LARGEST_SEGMENT:
        found = f"keeps {segment[0]} x {segment[1]} pixels in one compressed piece, {size_of(nbytes)}"
        remedy = "Save it in tiles, for instance: bfconvert -tilex 1024 -tiley 1024 IN OUT.ome.tif"
        raise InputError(found, remedy, path=path)


def covered(segment: tuple[int, int], rows: slice, columns: slice) -> Iterator[tuple[int, int]]:
    """Row and column, counted in pieces, of each piece of this height and width that a region touches."""
    high, wide = segment
    for y in range(rows.start // high, -(-rows.stop // high)):
        for x in range(columns.start // wide, -(-columns.stop // wide)):
            yield y, x


def paste(region: NDArray[Any], block: NDArray[Any], top: int, left: int) -> None:
    """Copy the part of a block at (top, left) that lies inside the region."""
    y, x = max(top, 0), max(left, 0)
    part = block[y - top : region.shape[0] - top, x - left : region.shape[1] - left]
    region[y : y + part.shape[0], x : x + part.shape[1]] = part

"""The little of an image that is needed to tell whether two show the same field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32
from cellseg.images.source import ImageSource

SIDE = 32
"""Height and width of a thumbnail."""
LARGE = 2**26
"""Pixels beyond which an image is read in bands."""

Edges = dict[str, Float32]


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """Edges and thumbnail of an image."""

    shape: tuple[int, int]
    edges: Edges
    """`top`, `bottom` (2, width), `left`, `right` (2, height): the outermost line of pixels, then the next."""
    thumbnail: Float32
    """(32, 32) means of blocks; fewer where the image is smaller."""


def sign(source: ImageSource, plane: int) -> Signature:
    """The signature of a plane; several channels are averaged."""
    height, width = source.height, source.width
    whole = _mean(source.read(plane)) if height * width <= LARGE else None

    def read(rows: slice, columns: slice) -> Float32:
        return _mean(source.read(plane, rows, columns)) if whole is None else whole[rows, columns]

    every_row, every_column = slice(0, height), slice(0, width)
    edges = {
        "top": read(slice(0, 2), every_column),
        "bottom": read(slice(max(height - 2, 0), height), every_column)[::-1],
        "left": read(every_row, slice(0, 2)).T,
        "right": read(every_row, slice(max(width - 2, 0), width)).T[::-1],
    }
    return Signature((height, width), {name: edge.copy() for name, edge in edges.items()}, _shrink(read, height, width))


def _mean(channels: NDArray[Any]) -> Float32:
    return np.asarray(channels.mean(axis=0, dtype=np.float32))


def _shrink(read: Callable[[slice, slice], Float32], height: int, width: int) -> Float32:
    rows = np.linspace(0, height, min(SIDE, height) + 1).astype(int)
    columns = np.linspace(0, width, min(SIDE, width) + 1).astype(int)
    bands = [
        np.add.reduceat(read(slice(first, last), slice(0, width)).mean(axis=0), columns[:-1]) / np.diff(columns)
        for first, last in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True)
    ]
    return np.asarray(bands, np.float32)

"""Images for the eye: grey values stretched to what is seen, outlines of cells, and copies that fit a screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Float32, Mask, Shape
from cellseg.images.source import ImageSource

PIECE_PIXELS = 2**21
"""Pixels that are read at once, about."""


def stretched(image: NDArray[Any]) -> Float32:
    """Grey values (H, W), or any shape, from 0 to 1, without the 0.5 % darkest and brightest."""
    low, high = np.percentile(image, (0.5, 99.5))
    found: Float32 = np.clip((image - low) / max(high - low, 1e-12), 0, 1).astype(np.float32)
    return found


def outlines(labels: NDArray[Any]) -> Mask:
    """(H, W): the pixels of labels that have a 4-neighbour of another value."""
    edge = np.zeros(labels.shape, bool)
    for values, found in ((labels, edge), (labels.T, edge.T)):
        differ = values[1:] != values[:-1]
        found[1:] |= differ
        found[:-1] |= differ
    edge &= labels != 0
    return edge


def factor_for(source: ImageSource, side: int) -> int:
    """Pixels of an image along an axis that are one of a copy with at most so many pixels on its longer side."""
    return -(-max(source.height, source.width) // side)


def small_copy(source: ImageSource, plane: int, factor: int) -> Float32:
    """Means (C, h, w) of squares of a plane, which is read in pieces; a rest that fills no square is left out.

    Raises InputError for a damaged file.
    """
    high, wide = _steps(source, factor)
    copy = np.zeros((source.channels, source.height // high, source.width // wide), np.float32)
    for rows, columns in _pieces(source, (high, wide), copy.shape[1:]):
        values = source.read(plane, _times(rows, high), _times(columns, wide))
        squares = values.reshape(len(values), rows.stop - rows.start, high, columns.stop - columns.start, wide)
        copy[:, rows, columns] = squares.mean(axis=(2, 4), dtype=np.float32)
    return copy


def small_labels(source: ImageSource, plane: int, factor: int) -> Array:
    """The same of labels: the number in the middle of each square."""
    high, wide = _steps(source, factor)
    shape = source.height // high, source.width // wide
    copy = np.zeros(shape, source.dtype)
    for rows, columns in _pieces(source, (high, wide), shape):
        values = source.read(plane, _times(rows, high), _times(columns, wide))[0]
        copy[rows, columns] = values[high // 2 :: high, wide // 2 :: wide]
    return copy


def _steps(source: ImageSource, factor: int) -> Shape:
    """Height and width of the squares, in an image that may be thinner than one."""
    return min(factor, source.height), min(factor, source.width)


def _pieces(source: ImageSource, steps: Shape, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Regions of a copy of this shape for which about `PIECE_PIXELS` are read, of whole blocks of the file."""
    high = -(-source.block[0] // steps[0])
    wide = max(1, PIECE_PIXELS // (high * steps[0] * steps[1]))
    for top, left in product(range(0, shape[0], high), range(0, shape[1], wide)):
        yield slice(top, min(top + high, shape[0])), slice(left, min(left + wide, shape[1]))


def _times(part: slice, step: int) -> slice:
    return slice(part.start * step, part.stop * step)

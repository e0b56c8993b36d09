"""Mean 0 and standard deviation 1 for a whole plane, measured once, however it is tiled later."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float64
from cellseg.errors import InputError
from cellseg.images.source import ImageSource

PIECE_PIXELS = 2**21
"""Pixels that are measured at once."""

LARGEST = float(np.finfo(np.float32).max)
"""Largest value that the network can see."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Grey values that become 0 (mean) and 1 apart (std), for each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def only(self, channel: int) -> Normalisation:
        """That of one channel."""
        return Normalisation(self.mean[channel : channel + 1], self.std[channel : channel + 1])

    def __post_init__(self) -> None:
        assert len(self.mean) == len(self.std)
        assert all(std > 0 for std in self.std)


def measure(source: ImageSource, plane: int, rows_at_once: int | None = None) -> Normalisation:
    """Mean and standard deviation of each channel of a plane, read once, in the pieces in which it is stored.

    Integers of 8 and 16 bits are counted by value, which is exact: the statistics are the correctly rounded ones,
    however the image is stored. Wider integers and floats are merged piece by piece in float64 as in Chan, Golub,
    LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances"; they are the same to
    the last bit for the same file, and to 1e-9 for the same pixels stored in other pieces.

    Args:
        source: the image.
        plane: number of the plane.
        rows_at_once: height of the pieces in pixels; by default whole strips, tiles or chunks of the file.

    Returns:
        float64 statistics; the standard deviation of a constant channel counts as 1.

    Raises:
        InputError: the plane has values that are not finite, or too large for float32.
    """
    read = (source.read(plane, *region) for region in pieces(source, rows_at_once))
    counted = source.dtype.kind in "iu" and source.dtype.itemsize <= 2
    mean, std = _by_value(source, read) if counted else _merged(source, plane, read)
    std[(std == 0) | (std < 1e-12 * np.abs(mean))] = 1
    return Normalisation(tuple(mean.tolist()), tuple(std.tolist()))


def apply(array: NDArray[Any], normalisation: Normalisation) -> NDArray[np.float32]:
    """Normalise a region of an image; the value of a pixel does not depend on the region.

    Args:
        array: (C, h, w) of any type.
        normalisation: of the whole plane.

    Returns:
        (C, h, w) float32.
    """
    wide = np.result_type(array.dtype, np.float32)
    mean, std = (np.array(values, wide)[:, None, None] for values in (normalisation.mean, normalisation.std))
    scaled: NDArray[np.float32] = ((array - mean) / std).astype(np.float32, copy=False)
    return scaled


def pieces(source: ImageSource, height: int | None = None) -> Iterator[tuple[slice, slice]]:
    """Regions of whole blocks, about `PIECE_PIXELS` large, each block in one of them."""
    high, wide = source.block
    rows = height or max(1, PIECE_PIXELS // (high * source.width)) * high
    columns = max(1, PIECE_PIXELS // (rows * wide)) * wide
    for top in range(0, source.height, rows):
        for left in range(0, source.width, columns):
            yield slice(top, min(top + rows, source.height)), slice(left, min(left + columns, source.width))


def _by_value(source: ImageSource, pieces: Iterator[NDArray[Any]]) -> tuple[Float64, Float64]:
    """Mean and standard deviation of each channel from the number of pixels of each value."""
    unsigned = np.dtype(f"u{source.dtype.itemsize}")
    counts = _counts(pieces, source.channels, unsigned)
    values = np.arange(counts.shape[1]).astype(unsigned).view(source.dtype).tolist()
    moments = np.array([_moments(values, row) for row in counts.tolist()])
    return moments[:, 0], moments[:, 1]


def _counts(pieces: Iterator[NDArray[Any]], channels: int, unsigned: np.dtype[Any]) -> NDArray[np.int64]:
    """Pixels (channels, values) of each value, whose bits are read as this type."""
    counts = np.zeros((channels, 2 ** (8 * unsigned.itemsize)), np.int64)
    for piece in pieces:
        for channel, pixels in enumerate(piece.view(unsigned)):
            counts[channel] += np.bincount(pixels.ravel(), minlength=counts.shape[1])
    return counts


def _moments(values: list[int], counts: list[int]) -> tuple[float, float]:
    """Mean and standard deviation, rounded once."""
    number = sum(counts)
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    squares = sum(value**2 * count for value, count in zip(values, counts, strict=True))
    return total / number, math.sqrt((number * squares - total**2) / number**2)


def _merged(source: ImageSource, plane: int, pieces: Iterator[NDArray[Any]]) -> tuple[Float64, Float64]:
    """Mean and standard deviation of each channel, piece by piece."""
    count, broken = 0, 0
    mean, squares = np.zeros(source.channels), np.zeros(source.channels)
    for piece in pieces:
        broken += unusable(piece) if piece.dtype.kind == "f" else 0
        if broken:
            continue
        pixels = piece.reshape(source.channels, -1).astype(np.float64)
        new_mean = pixels.mean(axis=1)
        delta, total = new_mean - mean, count + pixels.shape[1]
        pixels -= new_mean[:, None]
        squares += np.einsum("cp,cp->c", pixels, pixels) + delta**2 * (count * pixels.shape[1] / total)
        mean += delta * (pixels.shape[1] / total)
        count = total
    refuse_broken(source, plane, broken)
    return mean, np.sqrt(squares / count)


def unusable(piece: NDArray[Any]) -> int:
    """Number of values that are not finite in float32."""
    limit = LARGEST if piece.dtype.itemsize > 4 else np.inf
    return piece.size - int(np.count_nonzero((np.abs(piece) <= limit) & np.isfinite(piece)))


def refuse_broken(source: ImageSource, plane: int, broken: int) -> None:
    """Raise InputError for a plane of which so many values are not finite in float32."""
    if broken:
        beyond = f" or beyond {LARGEST:.1e}" if source.dtype.itemsize > 4 else ""
        where = f"plane {plane} of {source.planes} (from 0) has" if source.planes > 1 else "has"
        found = f"{where} {broken} values that are not numbers (NaN or infinite){beyond}"
        raise InputError(found, "Replace them by numbers, for instance with Fiji's Remove NaNs.", path=source.origin)

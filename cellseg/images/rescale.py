"""An image of another size, read region by region; each region is that of the whole rescaled image, to the last bit.

A pixel is the mean of the image around its place, weighted by a triangle: linear interpolation where the image is
enlarged, and as much wider as the pixels become where it is made smaller, so that fine structures do not alias. Its
value follows from its own place alone. Beyond the edge there is nothing, so there the weights of the rest count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.images.source import ImageSource, Pixels

AT_ONCE = 2**22
"""Pixels of the image that are read at once."""


@dataclass(frozen=True, slots=True)
class Axis:
    """`length` pixels that become `wanted`; both cover the same stretch."""

    length: int
    wanted: int

    @property
    def step(self) -> float:
        """Old pixels for each new one."""
        return self.length / self.wanted

    def taps(self, part: slice) -> tuple[slice, NDArray[np.intp], NDArray[np.float64]]:
        """Input pixels and their weights for each new pixel.

        Args:
            part: the new pixels, n of them.

        Returns:
            The old pixels that are needed, the places (n, k) of k of them for each new one, counted from the first
            that is needed, and their weights (n, k), which add up to 1.
        """
        reach = max(self.step, 1.0)
        centre = (np.arange(part.start, part.stop) + 0.5) * self.step - 0.5
        first = np.floor(centre - reach).astype(np.intp) + 1
        place = first[:, None] + np.arange(int(np.ceil(2 * reach)))
        weights = np.maximum(1 - np.abs(place - centre[:, None]) / reach, 0)
        weights[(place < 0) | (place >= self.length)] = 0
        weights /= weights.sum(axis=1, keepdims=True)
        place = np.clip(place, 0, self.length - 1)
        low = int(place.min())
        return slice(low, int(place.max()) + 1), place - low, weights


@dataclass(frozen=True, slots=True, eq=False)
class Rescaled:
    """Sheets of another size."""

    pixels: Pixels
    rows: Axis
    columns: Axis

    @property
    def block(self) -> tuple[int, int]:
        high, wide = self.pixels.block
        return max(1, round(high / self.rows.step)), max(1, round(wide / self.columns.step))

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        """A region, float32 or, of wide types, float64; the image is read in parts of about `AT_ONCE` pixels."""
        across, at, by = self.columns.taps(columns)
        height = max(1, int(AT_ONCE / self.rows.step) // (across.stop - across.start))
        parts = []
        for top in range(rows.start, rows.stop, height):
            down, place, weights = self.rows.taps(slice(top, min(top + height, rows.stop)))
            old = self.pixels.read(sheet, down, across)
            parts.append(_along(_along(old, 0, place, weights), 1, at, by))
        return np.concatenate(parts)


def rescaled(source: ImageSource, height: int, width: int) -> ImageSource:
    """An image with planes of another height and width, in pixels, that show the same field."""
    rows, columns = Axis(source.height, height), Axis(source.width, width)
    size = source.pixel_size_um
    return replace(
        source,
        height=height,
        width=width,
        dtype=_floating(source.dtype),
        pixel_size_um=None if size is None else (size[0] * rows.step, size[1] * columns.step),
        pixels=Rescaled(source.pixels, rows, columns),
    )


def nearest(values: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Labels (H, W) of another size, each pixel the nearest old one: they show the same field."""
    rows, columns = (
        ((np.arange(wanted) + 0.5) * length / wanted).astype(np.intp)
        for wanted, length in zip((height, width), values.shape, strict=True)
    )
    return values[np.ix_(rows, columns)]


def _along(old: NDArray[Any], axis: int, place: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray[Any]:
    """Weighted sums along an axis of (h, w), one old pixel after the other, so that all regions sum in one order."""
    kind = _floating(old.dtype)
    shape = (-1, 1) if axis == 0 else (1, -1)
    total = np.zeros((place.shape[0], old.shape[1]) if axis == 0 else (old.shape[0], place.shape[0]), kind)
    for k in range(place.shape[1]):
        total += np.take(old, place[:, k], axis) * weights[:, k].astype(kind).reshape(shape)
    return total


def _floating(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.result_type(dtype, np.float32)

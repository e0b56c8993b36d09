"""Read an image at coordinates between its pixels: nearest, linear, cubic spline; mirrored outside.

"Mirrored" is at the centres of the edge pixels, as in scipy's mode "mirror": ... 2 1 | 0 1 2 ...
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Floating
from cellseg.compiled import compiled

Coordinates = NDArray[np.float32]
Four = tuple[float, float, float, float]


def spline_coefficients(image: Floating) -> NDArray[np.float32]:
    """Coefficients of the cubic B-spline through the pixels.

    Args:
        image: (H, W) or (C, H, W), any float or integer type.

    Returns:
        The same shape, float32.

    Source: Unser, Aldroubi, Eden 1993, B-spline signal processing, as in scipy.ndimage.spline_filter.
    """
    return _filtered(image, np.dtype(np.float32)).astype(np.float32, copy=False)


def sample(image: Floating, coordinates: Coordinates, order: int) -> Floating:
    """Read every channel of an image.

    Args:
        image: (C, H, W) float32 or float64; for order 3 its `spline_coefficients`.
        coordinates: (2, h, w) float32, finite: y and x in the image.
        order: 1 = linear, 3 = cubic.

    Returns:
        (C, h, w), the type of `image`.
    """
    out = np.empty((image.shape[0], *coordinates.shape[1:]), image.dtype)
    loop = {1: _linear, 3: _cubic}[order]
    loop(np.ascontiguousarray(image), np.ascontiguousarray(coordinates, np.float32), out)
    return out


def nearest_index(coordinates: Coordinates, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Flat index (h, w) of the pixel nearest to each of the coordinates (2, h, w) in an image of `shape` (H, W)."""
    out = np.empty(coordinates.shape[1:], np.int64)
    _nearest(np.ascontiguousarray(coordinates, np.float32), shape[0], shape[1], out)
    return out


def _filtered(image: Floating, dtype: np.dtype[np.floating]) -> Floating:
    """Cubic spline filter along the last two axes."""
    for axis in (-2, -1):
        if image.shape[axis] > 1:
            image = ndimage.spline_filter1d(image, order=3, axis=axis, output=dtype, mode="mirror")
    return image


@compiled
def _fold(position: float, last: int) -> float:
    """A position brought into 0..last by mirroring at 0 and at `last`."""
    if 0 <= position <= last:
        return position
    if last == 0:
        return 0.0
    position = abs(position) % (2 * last)
    return 2 * last - position if position > last else position


@compiled
def _reflect(index: int, last: int) -> int:
    """The same for a whole number."""
    if last == 0:
        return 0
    index = abs(index) % (2 * last)
    return 2 * last - index if index > last else index


@compiled
def _nearest(coordinates: Coordinates, height: int, width: int, out: NDArray[np.int64]) -> None:
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            y = int(_fold(coordinates[0, i, j], height - 1) + 0.5)
            x = int(_fold(coordinates[1, i, j], width - 1) + 0.5)
            out[i, j] = y * width + x


@compiled
def _linear(image: Floating, coordinates: Coordinates, out: Floating) -> None:
    bottom, right = image.shape[1] - 1, image.shape[2] - 1
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            y, x = _fold(coordinates[0, i, j], bottom), _fold(coordinates[1, i, j], right)
            row, column = int(y), int(x)
            next_row, next_column = min(row + 1, bottom), min(column + 1, right)
            v, u = y - row, x - column
            for c in range(out.shape[0]):
                upper = (1 - u) * image[c, row, column] + u * image[c, row, next_column]
                lower = (1 - u) * image[c, next_row, column] + u * image[c, next_row, next_column]
                out[c, i, j] = (1 - v) * upper + v * lower


@compiled
def _cubic_weights(t: float) -> Four:
    """Values of the cubic B-spline at the distances 1 + t, t, 1 - t, 2 - t."""
    s = 1 - t
    return s * s * s / 6, 2 / 3 - t * t * (2 - t) / 2, 2 / 3 - s * s * (2 - s) / 2, t * t * t / 6


@compiled
def _cubic(coefficients: Floating, coordinates: Coordinates, out: Floating) -> None:
    bottom, right = coefficients.shape[1] - 1, coefficients.shape[2] - 1
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            y, x = _fold(coordinates[0, i, j], bottom), _fold(coordinates[1, i, j], right)
            row, column = int(y), int(x)
            v, u = _cubic_weights(y - row), _cubic_weights(x - column)
            if not (1 <= row < bottom - 1 and 1 <= column < right - 1):
                _cubic_at_edge(coefficients, row - 1, column - 1, v, u, out[:, i, j])
                continue
            k = column - 1
            for c in range(out.shape[0]):
                total = 0.0
                for m in range(4):
                    a = row + m - 1
                    total += v[m] * (
                        u[0] * coefficients[c, a, k]
                        + u[1] * coefficients[c, a, k + 1]
                        + u[2] * coefficients[c, a, k + 2]
                        + u[3] * coefficients[c, a, k + 3]
                    )
                out[c, i, j] = total


@compiled
def _cubic_at_edge(coefficients: Floating, top: int, left: int, v: Four, u: Four, out: Floating) -> None:
    bottom, right = coefficients.shape[1] - 1, coefficients.shape[2] - 1
    for c in range(out.size):
        total = 0.0
        for m in range(4):
            row = _reflect(top + m, bottom)
            for n in range(4):
                total += v[m] * u[n] * coefficients[c, row, _reflect(left + n, right)]
        out[c] = total

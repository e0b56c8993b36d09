"""The ellipse (or ellipsoid) with the same second moments as a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float64
from cellseg.compiled import compiled
from cellseg.metrics.regions import Regions

TO_LENGTH = {2: 16.0, 3: 20.0}
"""Squared length of an axis of a uniform ellipse or ellipsoid over the variance along it."""


def covariances(index: NDArray[np.int32], where: Regions) -> Float64:
    """Covariance of the coordinates of each object's pixels.

    Args:
        index: (H, W) or (Z, H, W), the object of each pixel from 0, -1 = none.
        where: the objects' areas, centroids and bounding boxes.

    Returns:
        (n, D, D) pixels squared, axes as in `index`.
    """
    sides = index.ndim
    volume = index.reshape((1,) * (3 - sides) + index.shape)
    starts = np.zeros((len(where.areas), 3), np.int64)
    starts[:, -sides:] = where.starts
    sums = _products(np.ascontiguousarray(volume), starts)[:, -sides:, -sides:]
    middle = where.centroids - where.starts
    means = sums / np.maximum(where.areas, 1)[:, None, None]
    return np.asarray(means - middle[:, :, None] * middle[:, None, :])


def ellipse_columns(covariance: Float64, unit: str) -> dict[str, Float64]:
    """Axes, and of a plane eccentricity and orientation, from (n, D, D) covariances in `unit` squared.

    The orientation is the angle between the y axis and the major axis in degrees, -90 to 90, counterclockwise.
    """
    sides = covariance.shape[-1]
    variances = np.clip(np.linalg.eigvalsh(covariance), 0, None)
    smallest, largest = variances[:, 0], variances[:, -1]
    columns = {
        f"major_axis_{unit}": np.sqrt(TO_LENGTH[sides] * largest),
        f"minor_axis_{unit}": np.sqrt(TO_LENGTH[sides] * smallest),
    }
    if sides == 3:
        return columns
    share = np.divide(smallest, largest, out=np.ones_like(largest), where=largest > 0)
    down, across, both = covariance[:, 0, 0], covariance[:, 1, 1], covariance[:, 0, 1]
    diagonal = np.where(both > 0, np.pi / 4, -np.pi / 4)
    angle = np.where(down == across, diagonal, np.arctan2(2 * both, down - across) / 2)
    return {**columns, "eccentricity": np.sqrt(1 - share), "orientation_deg": np.degrees(angle)}


@compiled
def _products(index: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, 3, 3) sums of products of coordinates from each object's bounding box, whole numbers."""
    sums = np.zeros((starts.shape[0], 3, 3), np.int64)
    depth, height, width = index.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                k = index[z, y, x]
                if k >= 0:
                    a, b, c = z - starts[k, 0], y - starts[k, 1], x - starts[k, 2]
                    sums[k, 0, 0] += a * a
                    sums[k, 0, 1] += a * b
                    sums[k, 0, 2] += a * c
                    sums[k, 1, 1] += b * b
                    sums[k, 1, 2] += b * c
                    sums[k, 2, 2] += c * c
    for k in range(sums.shape[0]):
        sums[k, 1, 0], sums[k, 2, 0], sums[k, 2, 1] = sums[k, 0, 1], sums[k, 0, 2], sums[k, 1, 2]
    return sums

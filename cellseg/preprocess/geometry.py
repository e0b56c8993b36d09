"""Coordinates in the source image of each pixel of a training sample.

Shift, rotation, mirroring, magnification and the elastic deformation are put together into one set
of coordinates, so that the image is interpolated once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Shape
from cellseg.options import AugmentOptions
from cellseg.preprocess.elastic import displacement_field

OVERHANG = 0.25
"""Part of a window that may lie outside the image, mirrored, so that the rim is seen as often as the rest."""


def random_coordinates(
    rng: np.random.Generator,
    options: AugmentOptions,
    *,
    image_shape: Shape,
    size: Shape,
    centre: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Coordinates of a random sample.

    Args:
        rng: where the random numbers come from; the same state gives the same coordinates.
        options: which changes, and how strong.
        image_shape: (H, W) of the source image.
        size: (h, w) of the sample.
        centre: y, x in the image where the sample's centre lies, ((h - 1) / 2, (w - 1) / 2); random without it.

    Returns:
        (2, h, w) float32, pixels: y and x in the image, or outside it.
    """
    centre = random_centre(rng, image_shape, size) if centre is None else centre
    coordinates = linear_coordinates(random_matrix(rng, options), centre, size)
    if options.elastic > 0:
        coordinates += displacement_field(size, rng, (options.grid, options.grid), options.elastic)
    return coordinates


def random_centre(rng: np.random.Generator, image_shape: Shape, window: Shape) -> tuple[float, float]:
    """Centre y, x of a window (h, w) that lies at most a quarter outside the image on any side, on whole pixels."""
    y, x = (
        rng.integers(min(0, side - length) - overhang, max(0, side - length) + overhang, endpoint=True)
        for side, length in zip(image_shape, window, strict=True)
        for overhang in [int(OVERHANG * min(side, length))]
    )
    return y + (window[0] - 1) / 2, x + (window[1] - 1) / 2


def random_matrix(rng: np.random.Generator, options: AugmentOptions) -> NDArray[np.float64]:
    """(2, 2): a step in the sample to a step in the image, from rotation, mirroring and magnification."""
    matrix = np.eye(2)
    if options.rotate:
        angle = rng.uniform(0, 2 * np.pi)
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if options.flip:
        matrix = matrix * rng.choice([-1.0, 1.0], 2)
    if options.scale > 0:
        matrix = matrix * np.exp(-rng.normal(0, options.scale))  # magnified, the sample sees less of the image
    return matrix


def linear_coordinates(matrix: NDArray[np.float64], centre: tuple[float, float], size: Shape) -> NDArray[np.float32]:
    """centre + matrix @ (step from the sample's centre), (2, h, w) float32."""
    y, x = (np.arange(length) - (length - 1) / 2 for length in size)
    rows = np.asarray(centre)[:, None] + np.outer(matrix[:, 0], y)
    columns = np.outer(matrix[:, 1], x)
    return rows.astype(np.float32)[:, :, None] + columns.astype(np.float32)[:, None, :]

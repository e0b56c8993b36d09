"""Flaws of cameras and slides in the samples of a training: hot pixels, dust, uneven light, saturation.

Grey values are those of the network: -2 and 2 are the dark and the bright level of what there is to see.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cellseg.arrays import Float32

BRIGHTEST = 6.0
"""Grey value of what is brighter than all else by some thousand contrasts, after the logarithm."""


def add_flaw(image: Float32, rng: np.random.Generator) -> Float32:
    """The image (C, H, W) with one of the flaws, each as likely as another."""
    return FLAWS[int(rng.integers(len(FLAWS)))](image, rng)


def hot_pixels(image: Float32, rng: np.random.Generator) -> Float32:
    """One pixel in 500 to 10,000 is brighter than all else."""
    changed = image.copy()
    count = int(rng.poisson(image[0].size * 10 ** rng.uniform(-4, -2.7)))
    changed.reshape(len(image), -1)[:, rng.integers(0, image[0].size, count)] = rng.uniform(2, BRIGHTEST, count)
    return changed


def dust(image: Float32, rng: np.random.Generator) -> Float32:
    """One to three squares of 4 to 24 pixels a side, brighter than all else."""
    changed = image.copy()
    for _ in range(int(rng.integers(1, 4))):
        side, y, x = rng.integers(4, 25), rng.integers(image.shape[1]), rng.integers(image.shape[2])
        changed[:, y : y + side, x : x + side] = rng.uniform(3, BRIGHTEST)
    return changed


def uneven_light(image: Float32, rng: np.random.Generator) -> Float32:
    """Brighter towards one side, by up to half the contrast from edge to edge."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2)
    y, x = (np.linspace(-0.5, 0.5, length, dtype=np.float32) for length in image.shape[1:])
    ramp: Float32 = np.float32(np.sin(angle)) * y[:, None] + np.float32(np.cos(angle)) * x
    return image + np.float32(strength) * ramp


def saturated(image: Float32, rng: np.random.Generator) -> Float32:
    """No pixel is brighter than a value in the upper half of the contrast."""
    return np.minimum(image, np.float32(rng.uniform(0, 2)))


FLAWS: tuple[Callable[[Float32, np.random.Generator], Float32], ...] = (hot_pixels, dust, uneven_light, saturated)

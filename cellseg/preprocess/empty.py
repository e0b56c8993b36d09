"""Samples in which there is nothing to find, so that a network learns to find nothing there."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cellseg.arrays import Float32, Shape
from cellseg.preprocess.augment import Sample

GRAIN = 2.0
"""Largest grain of noise that a filter or a compression has left, as the standard deviation of a blur in pixels."""
UNEVEN = 40.0
"""Size of uneven ground, as the standard deviation of the blur that makes it, in pixels."""


def empty_sample(
    channels: int, rng: np.random.Generator, *, input_size: Shape, output_size: Shape, weight: float = 1.0
) -> Sample:
    """Noise of any strength and grain on a ground of any grey value, every other one uneven; background throughout.

    Args:
        channels: of the image.
        rng: where all random numbers come from.
        weight: of each pixel.
        input_size: (h, w) of the tile that the network sees.
        output_size: (oh, ow) of its middle that the network predicts.
    """
    image = np.stack([_ground(input_size, rng) for _ in range(channels)])
    return Sample(image, np.zeros(output_size, np.uint8), np.full(output_size, weight, np.float32))


def _ground(size: Shape, rng: np.random.Generator) -> Float32:
    grain = max(0.0, rng.uniform(-GRAIN, GRAIN))  # every other one without
    ground = np.float32(rng.normal(-0.5, 1)) + np.float32(rng.uniform(0.1, 0.9)) * _noise(size, grain, rng)
    if rng.random() < 0.5:
        ground += np.float32(rng.uniform(0, 0.5)) * _noise(size, UNEVEN, rng)
    return ground


def _noise(size: Shape, grain: float, rng: np.random.Generator) -> Float32:
    """Noise of the standard deviation 1, blurred by so many pixels."""
    white = rng.standard_normal(size, dtype=np.float32)
    blurred: Float32 = ndimage.gaussian_filter(white, grain, mode="wrap")
    return blurred / max(float(blurred.std()), 1e-6)

"""Random changes of the grey values of a normalised image (C, H, W) float32: mean 0, standard deviation 1.

Each is a small function of its own; `change_grey_values` is all of them in a row.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cellseg.arrays import Float32
from cellseg.options import AugmentOptions
from cellseg.preprocess.flaws import add_flaw


def change_grey_values(image: Float32, rng: np.random.Generator, options: AugmentOptions) -> Float32:
    """Turned over as often as asked; gain, offset and gamma always; blur and noise in every other image.

    Each only where its option is above 0.
    """
    if options.inverted > 0 and rng.random() < options.inverted:
        image = -image
    if options.grey > 0:
        image = gamma(offset(gain(image, rng, options.grey), rng, options.grey), rng, options.grey)
    if options.blur > 0 and rng.random() < 0.5:
        image = blur(image, rng, options.blur)
    if options.noise > 0 and rng.random() < 0.5:
        image = noise(image, rng, options.noise)
    if options.flaws > 0 and rng.random() < options.flaws:
        image = add_flaw(image, rng)
    return image


def gain(image: Float32, rng: np.random.Generator, strength: float) -> Float32:
    """Contrast: times a factor whose logarithm has the standard deviation `strength`, one per channel."""
    factor: Float32 = np.exp(strength * _one_per_channel(image, rng))
    return image * factor


def offset(image: Float32, rng: np.random.Generator, strength: float) -> Float32:
    """Brightness: plus a number of the standard deviation `strength`, one per channel."""
    return image + strength * _one_per_channel(image, rng)


def gamma(image: Float32, rng: np.random.Generator, strength: float) -> Float32:
    """Bend the grey values between the darkest and the brightest, which stay: v ** exponent on 0..1.

    The exponent's logarithm has the standard deviation `strength`, one per channel.
    """
    exponent: Float32 = np.exp(strength * _one_per_channel(image, rng))
    low, high = image.min(axis=(1, 2), keepdims=True), image.max(axis=(1, 2), keepdims=True)
    extent = np.where(high > low, high - low, np.float32(1))
    bent: Float32 = np.power((image - low) / extent, exponent) * extent + low
    return bent


def blur(image: Float32, rng: np.random.Generator, largest: float) -> Float32:
    """Gaussian blur of a standard deviation of 0 to `largest` pixels, mirrored outside."""
    sigma = rng.uniform(0, largest)
    blurred: Float32 = ndimage.gaussian_filter(image, (0, sigma, sigma), mode="mirror", truncate=3.0)
    return blurred


def noise(image: Float32, rng: np.random.Generator, largest: float) -> Float32:
    """Plus Gaussian noise of a standard deviation of 0 to `largest`."""
    return image + np.float32(rng.uniform(0, largest)) * rng.standard_normal(image.shape, dtype=np.float32)


def _one_per_channel(image: Float32, rng: np.random.Generator) -> Float32:
    """(C, 1, 1) normal random numbers."""
    return rng.standard_normal((len(image), 1, 1), dtype=np.float32)

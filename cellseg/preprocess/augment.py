"""Training samples: a random view of an image with its classes and weights, changed in shape and grey values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32, Shape, UInt8
from cellseg.errors import InputError
from cellseg.options import AugmentOptions
from cellseg.preprocess.geometry import random_centre, random_coordinates
from cellseg.preprocess.grey_values import change_grey_values
from cellseg.preprocess.resample import nearest_index, sample, spline_coefficients


@dataclass(frozen=True, slots=True)
class Example:
    """An annotated image, ready to be sampled; see `make_example`. All parts have the same (H, W)."""

    image: Float32
    """(C, H, W) normalised."""
    coefficients: Float32
    """(C, H, W) cubic spline through `image`."""
    classes: UInt8
    """(H, W), 0 = background."""
    weights: Float32
    """(H, W), 0 = ignored."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sample of a training: an input tile, and the target of the output window in its middle."""

    image: Float32
    """(C, h, w)."""
    classes: UInt8
    """(oh, ow)."""
    weights: Float32
    """(oh, ow), 0 = ignored."""


def make_example(image: Float32, classes: UInt8, weights: Float32) -> Example:
    """Put an example together, with the spline through its image computed once.

    Args:
        image: (C, H, W) float32, normalised.
        classes: (H, W) uint8.
        weights: (H, W) float32.

    Raises:
        InputError: the shapes differ.
    """
    if not image.shape[1:] == classes.shape == weights.shape:
        found = f"the image is {image.shape}, its classes {classes.shape}, its weights {weights.shape}"
        raise InputError(found, "They must have the same height and width.")
    return Example(image, spline_coefficients(image), classes, weights)


def draw_sample(
    example: Example,
    rng: np.random.Generator,
    options: AugmentOptions,
    *,
    input_size: Shape,
    output_size: Shape,
    centre: tuple[float, float] | None = None,
) -> Sample:
    """A random sample of one image.

    Args:
        example: the image with its classes and weights; outside it everything is mirrored.
        rng: where all random numbers come from; the same state gives the same sample.
        options: which changes, and how strong; with all of them off the sample is a crop.
        input_size: (h, w) of the tile that the network sees.
        output_size: (oh, ow) of its middle that the network predicts.
        centre: y, x in the image where the sample's centre lies; random without it.
    """
    coordinates = _coordinates(example, rng, options, input_size, output_size, centre)
    image = change_grey_values(read_image(example, coordinates), rng, options)
    return Sample(image, *read_target(example, middle(coordinates, output_size)))


def mosaic(
    examples: Sequence[Example],
    rng: np.random.Generator,
    options: AugmentOptions,
    *,
    input_size: Shape,
    output_size: Shape,
) -> Sample:
    """Four samples that meet at a random point in the middle half of the output window; see `draw_sample`."""
    cross = [int(length * rng.uniform(0.25, 0.75)) for length in output_size]
    image = np.empty((len(examples[0].image), *input_size), np.float32)
    classes, weights = np.empty(output_size, np.uint8), np.empty(output_size, np.float32)
    quadrants = [(lower, right) for lower in (False, True) for right in (False, True)]
    for example, sides in zip(examples, quadrants, strict=True):
        coordinates = _coordinates(example, rng, options, input_size, output_size, None)
        inner = tuple(slice(at, None) if side else slice(at) for at, side in zip(cross, sides, strict=True))
        margins = [(large - small) // 2 for large, small in zip(input_size, output_size, strict=True)]
        outer = tuple(
            slice(at + margin, None) if side else slice(at + margin)
            for at, side, margin in zip(cross, sides, margins, strict=True)
        )
        image[:, *outer] = read_image(example, coordinates[:, *outer])
        classes[inner], weights[inner] = read_target(example, middle(coordinates, output_size)[:, *inner])
    return Sample(change_grey_values(image, rng, options), classes, weights)


def middle(array: NDArray[Any], size: Shape) -> NDArray[Any]:
    """The window (h, w) in the middle of the last two axes."""
    y, x = ((long - short) // 2 for long, short in zip(array.shape[-2:], size, strict=True))
    return array[..., y : y + size[0], x : x + size[1]]


def read_image(example: Example, coordinates: Float32) -> Float32:
    """The image at coordinates (2, h, w), (C, h, w): cubic, or as it is where all of them are whole pixels."""
    shape = example.image.shape
    if np.array_equal(coordinates, np.rint(coordinates)):
        return example.image.reshape(shape[0], -1)[:, nearest_index(coordinates, shape[1:])]
    return sample(example.coefficients, coordinates, order=3)


def read_target(example: Example, coordinates: Float32) -> tuple[UInt8, Float32]:
    """Classes and weights (h, w) of the pixels nearest to coordinates (2, h, w): what weighs 0 stays 0."""
    nearest = nearest_index(coordinates, example.classes.shape)
    return example.classes.ravel()[nearest], example.weights.ravel()[nearest]


def _coordinates(
    example: Example,
    rng: np.random.Generator,
    options: AugmentOptions,
    input_size: Shape,
    output_size: Shape,
    centre: tuple[float, float] | None,
) -> Float32:
    """Random coordinates whose output window lies mostly inside the image."""
    assert all(a >= b and (a - b) % 2 == 0 for a, b in zip(input_size, output_size, strict=True))
    shape = example.classes.shape
    centre = random_centre(rng, shape, output_size) if centre is None else centre
    return random_coordinates(rng, options, image_shape=shape, size=input_size, centre=centre)

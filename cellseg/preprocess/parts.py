"""Each part of the augmentation alone, to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Shape
from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import Example, Sample, draw_sample, mosaic, read_image, read_target
from cellseg.preprocess.empty import empty_sample
from cellseg.preprocess.flaws import add_flaw
from cellseg.preprocess.geometry import random_coordinates
from cellseg.preprocess.grey_values import blur, change_grey_values, noise

OFF = AugmentOptions(elastic=0, rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0, mosaic=0)


@dataclass(frozen=True, slots=True)
class View:
    """A sample, and where in the image each of its pixels was read, (2, h, w), where one image was."""

    sample: Sample
    coordinates: NDArray[np.float32] | None = None


DrawPart = Callable[[np.random.Generator], View]


def parts(examples: Sequence[Example], options: AugmentOptions, size: Shape) -> dict[str, DrawPart]:
    """Effects of each part on the first of the examples, by its name; parts that are off do not appear.

    Args:
        examples: one or more; the mosaic, which is shown even where it is off, takes four of them in turn.
        options: how strong each part is.
        size: (h, w) of the samples.

    Returns:
        Functions from random numbers to what the part makes of them; first of all `original`, the middle of the
        image, in which all others but `shift` and `mosaic` happen.
    """
    example = examples[0]
    centre = ((example.classes.shape[0] - 1) / 2, (example.classes.shape[1] - 1) / 2)

    def moved(alone: AugmentOptions, where: tuple[float, float] | None = centre) -> DrawPart:
        def make(rng: np.random.Generator) -> View:
            shape = example.classes.shape
            at = random_coordinates(rng, alone, image_shape=shape, size=size, centre=where)
            return View(Sample(read_image(example, at), *read_target(example, at)), at)

        return make

    def regreyed(change: Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]) -> DrawPart:
        def make(rng: np.random.Generator) -> View:
            view = moved(OFF)(rng)
            return View(replace(view.sample, image=change(view.sample.image, rng)), view.coordinates)

        return make

    def composed(rng: np.random.Generator) -> View:
        four = [examples[k % len(examples)] for k in range(4)]
        return View(mosaic(four, rng, OFF, input_size=size, output_size=size))

    def empty(rng: np.random.Generator) -> View:
        return View(empty_sample(len(examples[0].image), rng, input_size=size, output_size=size))

    shapes = {
        "original": (True, moved(OFF)),
        "elastic": (options.elastic > 0, moved(replace(OFF, elastic=options.elastic, grid=options.grid))),
        "rotate": (options.rotate, moved(replace(OFF, rotate=True))),
        "flip": (options.flip, moved(replace(OFF, flip=True))),
        "shift": (True, moved(OFF, None)),
        "scale": (options.scale > 0, moved(replace(OFF, scale=options.scale))),
    }
    grey_only = replace(OFF, grey=options.grey)
    greys = {
        "inverted": (options.inverted > 0, regreyed(lambda image, _: -image)),
        "grey": (options.grey > 0, regreyed(lambda image, rng: change_grey_values(image, rng, grey_only))),
        "blur": (options.blur > 0, regreyed(lambda image, rng: blur(image, rng, options.blur))),
        "noise": (options.noise > 0, regreyed(lambda image, rng: noise(image, rng, options.noise))),
        "flaws": (options.flaws > 0, regreyed(add_flaw)),
        "mosaic": (True, composed),
        "empty": (options.empty > 0, empty),
    }
    return {name: make for name, (on, make) in {**shapes, **greys}.items() if on}


def whole(examples: Sequence[Example], options: AugmentOptions, size: Shape) -> DrawPart:
    """All parts together, as a training draws them."""

    def make(rng: np.random.Generator) -> View:
        chosen = [examples[k] for k in rng.integers(len(examples), size=4)]
        if options.mosaic and rng.random() < options.mosaic:
            return View(mosaic(chosen, rng, options, input_size=size, output_size=size))
        return View(draw_sample(chosen[0], rng, options, input_size=size, output_size=size))

    return make

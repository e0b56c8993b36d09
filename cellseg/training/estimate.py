"""Time and memory of a training or a prediction before torch is there: for `cellseg check`, with the network of `fast`.

The multiplications of a U-Net of the given depth and width are counted layer by layer, and divided by what a processor
core was measured to do. What is really planned is measured and counted from the very network (`expected_cost.py`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cellseg.evaluation.windows import searched_pixels
from cellseg.models.choice import options_for
from cellseg.options import AVERAGING_COST, NetworkOptions, PredictOptions, TrainOptions, TrainSettings
from cellseg.training.cut_images import FEW, JUDGED_SIDE, WHOLE_PIXELS, WINDOWS, judged_pixels, most_chosen

TRAINING_RATE = 25e9
"""Multiply-adds of training steps in float32, a second and core; a step has three times those of the way forward.
Measured: 21e9 to 26e9 on one core of a Xeon server (depth 3 base 16, depth 4 base 32)."""
PREDICTION_RATE = 32e9
"""The same of a prediction; measured 29e9 to 35e9."""
SAMPLE_SECONDS_PIXEL = 4e-7
"""Drawing and deforming a sample, a pixel of its input."""
LABEL_SECONDS_PIXEL = 1e-7
"""Numbering instances and compressing, a pixel of the image."""
PROGRAM_BYTES = 400_000_000
"""torch and the program itself, before it reads anything."""
TRAINING_PROGRAM_BYTES = 600_000_000
"""The same of a training, with its optimiser, metrics and figures; measured 560 to 640 MB."""
EXAMPLE_BYTES = 14
"""A pixel of a training image: classes, weights, instances, and what is known of each pixel."""
CUT_SECONDS_PIXEL = 6e-6
"""The search for the cut, a pixel that it is chosen on; measured with 320 x 320 pixels of cells apart and touching."""
CHANNEL_BYTES = 8
"""A pixel and channel of a training image: grey value and spline coefficient, float32."""
WEIGHING_BYTES = 12
"""A pixel of an image, beside `CHANNEL_BYTES`, while its weight map is made: cells, distances, class weights. Measured:
20 with one channel, of an image of 3500 x 3500 pixels; reading it takes less."""
EXAMINING_BYTES = 93
"""A pixel of an image while its labels are examined, before anything else is read; measured with 1000 x 1000 and 3500 x
3500 pixels."""
EXAMINERS = 4
"""Images that are examined at once, at most."""
TRAINING_ACTIVATION_BYTES = 15
"""A value that a layer gives, with what is kept of it for the way back, and gradients; measured 14.3."""
PREDICTION_ACTIVATION_BYTES = 4
"""The same of a prediction, which soon forgets most of them; measured 2.7 to 4.2."""
PARAMETER_BYTES = 20
"""Weight, gradient, two moments and the running average, float32."""
BESIDE_BYTES = 200_000_000
"""Queues, pieces of the image and of the labels that are kept while a prediction runs."""
ROW_BYTES = 2048
"""A pixel of a plane's width: a row of blocks while instances are numbered."""
AUTO_TILE = 1024


@dataclass(frozen=True, slots=True)
class Estimate:
    """Time and memory of a job."""

    seconds: float
    bytes: int
    """At its peak, of main memory (of the GPU's where there is one)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations and memory of a network for one sample."""

    multiplications: int
    """Multiply-adds, forwards."""
    values: int
    """Numbers that its convolutions give."""
    parameters: int


def margin_of(network: NetworkOptions) -> int:
    """Pixels that a U-Net without padding takes away on each side."""
    margin = 2
    for _ in range(options_for(network, 1, 2).depth):
        margin = 4 + 2 * margin
    return margin


def input_side(network: NetworkOptions, output: int) -> int:
    """About the side of the input for an output of `output` pixels; sizes go in steps of 2^depth."""
    stride = 1 << options_for(network, 1, 2).depth
    return math.ceil(output / stride) * stride + 2 * margin_of(network)


def cost_of(network: NetworkOptions, channels: int, side: int, classes: int = 2) -> Cost:
    """Cost of a U-Net for a square sample of `side` pixels."""
    found, own = _Count(), options_for(network, channels, classes)
    width = [own.base * 2**level for level in range(own.depth + 1)]
    length, before = float(side), channels
    for level, here in enumerate(width):
        length = length / 2 if level else length
        for given in (before, here):
            length -= 2
            found.add(given, here, length)
        before = here
    for here in reversed(width[:-1]):
        length *= 2
        found.add(2 * here, here, length, taps=1, weights=4)
        for given in (2 * here, here):
            length -= 2
            found.add(given, here, length)
    found.add(width[0], classes, length, taps=1, weights=1)
    return Cost(int(found.multiplications), int(found.values), found.parameters)


def estimate_training(
    sizes: Sequence[tuple[int, int]], channels: int, settings: TrainSettings, *, cores: int | None = None
) -> Estimate:
    """Time and memory of a training.

    Args:
        sizes: height and width of each image plane.
        channels: of the images.
        settings: of the training.
        cores: of the processor; those of this machine by default.
    """
    options, network = settings.train, settings.network
    side = input_side(network, min(options.tile, max(map(max, sizes))))
    cost = cost_of(network, channels, side)
    cores = options.threads or cores or os.cpu_count() or 1
    step = options.batch * max(3 * cost.multiplications / (TRAINING_RATE * cores), SAMPLE_SECONDS_PIXEL * side**2)
    pixels = sum(height * width for height, width in sizes)
    looks, chosen = validated_pixels(sizes, options)
    forward = cost.multiplications / side**2 / (PREDICTION_RATE * cores)
    validation = looks * (forward + LABEL_SECONDS_PIXEL) + chosen * CUT_SECONDS_PIXEL
    memory = (
        TRAINING_PROGRAM_BYTES
        + pixels * (EXAMPLE_BYTES + CHANNEL_BYTES * channels)
        + max(options.batch * cost.values * TRAINING_ACTIVATION_BYTES, weighing_bytes(sizes, channels, cores))
        + cost.parameters * PARAMETER_BYTES
    )
    return Estimate(options.steps * step + validation, max(memory, examining_bytes(sizes, cores)))


def examining_bytes(sizes: Sequence[tuple[int, int]], threads: int) -> int:
    """Memory of the program while it examines the labels of the largest images, one on each thread."""
    return PROGRAM_BYTES + EXAMINING_BYTES * _largest(sizes, min(threads, EXAMINERS))


def _largest(sizes: Sequence[tuple[int, int]], count: int) -> int:
    """Pixels of so many of the largest images together."""
    return sum(sorted((height * width for height, width in sizes), reverse=True)[:count])


def weighing_bytes(sizes: Sequence[tuple[int, int]], channels: int, threads: int) -> int:
    """Memory that is taken for a while when weight maps of the largest images are made, one on each thread."""
    return _largest(sizes, threads) * (WEIGHING_BYTES + CHANNEL_BYTES * channels)


def validated_pixels(sizes: Sequence[tuple[int, int]], options: TrainOptions) -> tuple[float, float]:
    """Pixels that all validations of a training predict, and pixels on which they search for the cut.

    `sizes` are heights and widths of all images, of which windows are looked at where they are large. The cut is
    searched on some held-out images, with others where these are few (`choosing.py`); the model that is kept is judged
    once more, with its cut.
    """
    shown = sum(judged_pixels(height * width, JUDGED_SIDE) for height, width in sizes) / len(sizes)
    windows = WINDOWS if any(height * width > WHOLE_PIXELS for height, width in sizes) else 1
    held = max(1, round(len(sizes) * options.validation)) if options.validation < 1 else options.validation
    chosen = min(max(held * windows, FEW), most_chosen(shown / windows), len(sizes) * windows)
    predicted = max(shown * min(held, len(sizes)), shown / windows * chosen)
    searched = chosen * min(shown / windows, searched_pixels(round(chosen)))
    searches = math.ceil(options.steps / options.validate_every)
    return (searches + 1) * predicted, searches * searched


def estimate_prediction(
    size: tuple[int, int],
    planes: int,
    channels: int,
    network: NetworkOptions,
    options: PredictOptions,
    *,
    classes: int = 2,
    cores: int | None = None,
) -> Estimate:
    """Time and memory of predicting one image.

    Args:
        size: height and width of its planes.
        planes: their number.
        channels: of the image.
        network: that predicts.
        options: of the prediction.
        classes: background included.
        cores: of the processor; those of this machine by default.
    """
    tile = options.tile or AUTO_TILE
    lengths = [min(tile, length) for length in size]
    tiles = planes * math.prod(math.ceil(length / tile) for length in size)
    side = math.sqrt(math.prod(input_side(network, length) for length in lengths))
    cost = cost_of(network, channels, round(side), classes)
    repeats = AVERAGING_COST[options.average]
    cores = cores or os.cpu_count() or 1
    pixels = size[0] * size[1]
    seconds = tiles * repeats * cost.multiplications / (PREDICTION_RATE * cores) + planes * pixels * LABEL_SECONDS_PIXEL
    memory = (
        PROGRAM_BYTES
        + cost.values * PREDICTION_ACTIVATION_BYTES
        + cost.parameters * 4
        + BESIDE_BYTES
        + size[1] * ROW_BYTES
    )
    return Estimate(seconds, memory)


class _Count:
    """Adds layers up."""

    def __init__(self) -> None:
        self.multiplications, self.values, self.parameters = 0.0, 0.0, 0

    def add(self, given: int, wanted: int, length: float, *, taps: int = 9, weights: int = 9) -> None:
        """A convolution that gives `length` pixels a side, each from `taps` of its `weights` a pair of channels."""
        area = max(length, 1) ** 2
        self.multiplications += taps * given * wanted * area
        self.values += wanted * area
        self.parameters += given * wanted * weights + wanted

"""Time and memory of a training: a few steps of the very network are measured, memory is counted from its layers.

Speed differs by ten times between processors, and between networks of equal numbers of operations (those of many small
convolutions reach a part of the rate of large ones), so it is measured where the training will run. Memory must be
known before it is taken, so it is counted.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from cellseg.arrays import Shape
from cellseg.inference.opened import ARRAY_TILE
from cellseg.inference.tile_cost import OVERHEAD as PREDICTION_OVERHEAD
from cellseg.memory import available
from cellseg.models.cost import forward_bytes, operations, parameters, training_bytes
from cellseg.models.hardware import training_device
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet
from cellseg.training.estimate import (
    CHANNEL_BYTES,
    CUT_SECONDS_PIXEL,
    EXAMPLE_BYTES,
    LABEL_SECONDS_PIXEL,
    PARAMETER_BYTES,
    SAMPLE_SECONDS_PIXEL,
    TRAINING_PROGRAM_BYTES,
    Estimate,
    examining_bytes,
    validated_pixels,
    weighing_bytes,
)
from cellseg.training.sampler import Batch
from cellseg.training.state import new_state
from cellseg.training.step import precision_of, take_step

STEPS = 3
"""Steps that are measured, after one that sets everything up."""
LONGEST = 5e10
"""Operations of the forward pass that is measured on a processor at most; of more, a smaller sample is measured."""
OVERHEAD = 1.35
"""Memory that is taken for each byte that the step keeps: kernels' scratch, gaps. Measured: peaks of the six networks
with 90 to 500 MB kept lie within 6 % of this line above `TRAINING_PROGRAM_BYTES` (tests/benchmarks/test_cost_model.py).
"""
FEWEST = 4
"""Strides along a side of the smallest sample that is measured."""
FORWARD = 1 / 3
"""Part of a step that the forward pass takes."""
SampleSides = tuple[int, int]
"""Sides of a sample's input and of its labelled part in pixels."""


def expected_cost(data: TrainingSet, settings: TrainSettings, network: Any, size: SampleSides) -> Estimate:
    """Time and memory of a training.

    Args:
        data: of the training.
        settings: of the training.
        network: with random weights; it is changed by the steps that are measured.
        size: of a sample.
    """
    shapes = shapes_of(data)
    channels, step = len(data.training[0].image), step_seconds(settings, network, len(data.training[0].image), size)
    predicted, searched = validated_pixels(shapes, settings.train)
    forward = FORWARD * step / (settings.train.batch * size[1] ** 2)
    validation = predicted * (forward + LABEL_SECONDS_PIXEL) + searched * CUT_SECONDS_PIXEL
    seconds = settings.train.steps * _with_samples(step, settings, size) + validation
    return Estimate(seconds, _memory(shapes, channels, settings.train.batch, network, size))


def shapes_of(data: TrainingSet) -> list[Shape]:
    """Height and width of all images of a training."""
    return [(image.truth.ignore.shape[0], image.truth.ignore.shape[1]) for image in (*data.training, *data.held)]


def step_seconds(settings: TrainSettings, network: Any, channels: int, size: SampleSides) -> float:
    """Median time of some steps on an empty batch; where they would take long or much memory, of smaller ones."""
    options = settings.train
    small = _measured_size(network, (options.batch, channels), size)
    outer, inner = (options.batch, channels, small[0], small[0]), (options.batch, small[1], small[1])
    batch = Batch(torch.zeros(outer), torch.zeros(inner, dtype=torch.long), torch.ones(inner))
    state, times = new_state(network, options), []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        take_step(state, batch, options, precision_of(options))
        times.append(time.perf_counter() - began)
    whole = (options.batch, channels, size[0], size[0])
    more = operations(network, whole) / operations(network, outer) if small != size else 1.0
    return statistics.median(times[1:]) * more


def _measured_size(network: Any, batch: tuple[int, int], size: SampleSides) -> SampleSides:
    """The largest sample whose step is short and fits into the free memory; on a GPU the whole one, which is quick."""
    geometry, free = network.geometry, available()
    if training_device().type != "cpu":
        return size

    def suits(side: int) -> bool:
        shape = (*batch, side, side)
        return operations(network, shape) <= LONGEST and OVERHEAD * training_bytes(network, shape) <= free

    while size[1] > 2 * FEWEST * geometry.stride and not suits(size[0]):
        side = geometry.input_size(size[1] // 2)
        size = side, geometry.output_size(side)
    return size


def _with_samples(step: float, settings: TrainSettings, size: SampleSides) -> float:
    """Time of a step with the drawing of the next batch, which goes on beside it and takes a core's time from it."""
    drawing = SAMPLE_SECONDS_PIXEL * settings.train.batch * size[0] ** 2
    beside = drawing / torch.get_num_threads() if training_device().type == "cpu" else 0.0
    return max(step + beside, drawing)


def _memory(shapes: Sequence[Shape], channels: int, batch: int, network: Any, size: SampleSides) -> int:
    """Bytes at the peak: the program, the images, and weight maps in the making, a step or a validation."""
    pixels = sum(height * width for height, width in shapes)
    step = OVERHEAD * training_bytes(network, (batch, channels, size[0], size[0]))
    seen = network.geometry.input_size(min(ARRAY_TILE, max(map(max, shapes))))
    validation = PREDICTION_OVERHEAD * forward_bytes(network, (1, channels, seen, seen))
    images = pixels * (EXAMPLE_BYTES + CHANNEL_BYTES * channels)
    threads = os.cpu_count() or 1
    most = max(step, validation, weighing_bytes(shapes, channels, threads))
    whole = TRAINING_PROGRAM_BYTES + images + parameters(network) * PARAMETER_BYTES + most
    return int(max(whole, examining_bytes(shapes, threads)))

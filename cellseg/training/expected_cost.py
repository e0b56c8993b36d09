"""Time and memory of a training: a few steps of the very network are measured, memory is counted from its layers.

Speed differs by ten times between processors, and between networks of equal numbers of operations (those of many small
convolutions reach a part of the rate of large ones), so it is measured where the training will run. Memory must be
known before it is taken, so it is counted.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch

from cellseg.models.cost import parameters, training_bytes
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet
from cellseg.training.estimate import (
    CHANNEL_BYTES,
    EXAMPLE_BYTES,
    LABEL_SECONDS_PIXEL,
    PARAMETER_BYTES,
    PROGRAM_BYTES,
    Estimate,
    validated_pixels,
)
from cellseg.training.sampler import Batch
from cellseg.training.state import new_state
from cellseg.training.step import precision_of, take_step

STEPS = 3
"""Steps that are measured, after one that sets everything up."""
OVERHEAD = 1.35
"""Memory that is taken for each byte that the step keeps: kernels' scratch, gaps. Measured: 1.2 to 2.0 of 90 to 500 MB,
beside `PROGRAM_BYTES` (tests/benchmarks/test_cost_model.py)."""
FORWARD = 1 / 3
"""Part of a step that the forward pass takes."""


def expected_cost(data: TrainingSet, settings: TrainSettings, network: Any, size: tuple[int, int]) -> Estimate:
    """Time and memory of a training.

    Args:
        data: of the training.
        settings: of the training.
        network: with random weights; it is changed by the steps that are measured.
        size: sides of a sample's input and of its labelled part in pixels.
    """
    options, channels = settings.train, len(data.training[0].image)
    shapes = [image.truth.ignore.shape for image in (*data.training, *data.held)]
    pixels = sum(height * width for height, width in shapes)
    kept = training_bytes(network, (options.batch, channels, size[0], size[0]))
    memory = PROGRAM_BYTES + pixels * (EXAMPLE_BYTES + CHANNEL_BYTES * channels)
    step = step_seconds(settings, network, channels, size)
    forward = FORWARD * step / (options.batch * size[0] ** 2)
    validation = validated_pixels(shapes, options) * (forward + LABEL_SECONDS_PIXEL)
    return Estimate(
        seconds=options.steps * step + validation,
        bytes=int(memory + OVERHEAD * kept + parameters(network) * PARAMETER_BYTES),
    )


def step_seconds(settings: TrainSettings, network: Any, channels: int, size: tuple[int, int]) -> float:
    """Median time of some steps on an empty batch."""
    options, inner = settings.train, (settings.train.batch, size[1], size[1])
    outer = (settings.train.batch, channels, size[0], size[0])
    batch = Batch(torch.zeros(outer), torch.zeros(inner, dtype=torch.long), torch.ones(inner))
    state, times = new_state(network, options), []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        take_step(state, batch, options, precision_of(options))
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])

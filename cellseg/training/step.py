"""One training step."""

from __future__ import annotations

import math

import torch

from cellseg.errors import InputError
from cellseg.models.hardware import arithmetic, training_device
from cellseg.options import TrainOptions
from cellseg.training.losses import total_loss
from cellseg.training.sampler import Batch
from cellseg.training.several import mean
from cellseg.training.state import State

WARM_UP = 0.1  # part of the steps in which the cosine schedule rises


def take_step(state: State, batch: Batch, options: TrainOptions, precision: torch.dtype) -> float:
    """Change the state by one batch; returns its loss. Raises InputError where the loss is no number."""
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(state.step, options)
    device = next(state.network.parameters()).device
    images = batch.images.to(device, memory_format=torch.channels_last)
    with torch.autocast(device.type, precision, enabled=precision != torch.float32):
        output = (state.shared or state.network)(images)
    loss = total_loss(output, batch.classes.to(device), batch.weights.to(device), options.loss)
    value = float(mean(loss))
    if not math.isfinite(value):
        raise InputError(
            f"the loss is {value} at step {state.step + 1}",
            f"Try a lower --rate than {options.rate:g}, or --precision float32; the last good checkpoint is kept, "
            "and a new run can go on --from the best model of this one.",
        )
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    state.step += 1
    _average(state, options.ema)
    return value


def rate_at(step: int, options: TrainOptions) -> float:
    """The learning rate of a step, counted from 0."""
    if options.schedule == "constant":
        return options.rate
    warm = max(WARM_UP * options.steps, 1)
    if step < warm:
        return options.rate * (step + 1) / (warm + 1)
    return options.rate * (0.5 + 0.5 * math.cos(math.pi * (step - warm) / max(options.steps - warm, 1)))


def precision_of(options: TrainOptions) -> torch.dtype:
    """The arithmetic that `--precision` means on this machine."""
    return arithmetic(options.precision, training_device())


@torch.no_grad()
def _average(state: State, decay: float) -> None:
    decay = min(decay, state.step / (9 + state.step)) if decay else 0.0
    pairs = zip(state.averaged.state_dict().values(), state.network.state_dict().values(), strict=True)
    for average, value in pairs:
        if average.is_floating_point():
            average.lerp_(value, 1 - decay)
        else:
            average.copy_(value)

"""Normalisation statistics taken once from the image that is predicted, then frozen.

Running statistics of a training on one-tile batches fail on images of another contrast, and statistics
taken tile by tile would make the result depend on the tiles. So the network sees tiles spread over the
plane in one batch, and what its normalisation layers find there holds for all tiles of that plane:
deterministic, exact under tiling, and adapted to the microscope.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cellseg.arrays import Float32
from cellseg.inference.tiling import Box
from cellseg.models.geometry import Geometry

WHOLE = 520  # planes up to this side are seen in one piece
SIDE = 144  # output side of each of the tiles spread over a larger plane
PER_AXIS = 3
CANDIDATES = 12
"""Boxes along each axis among which those are chosen where there is something to see."""


def normalisation_layers(network: Any) -> list[nn.BatchNorm2d]:
    """The layers whose statistics are taken from the image."""
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]


def sample_boxes(height: int, width: int, geometry: Geometry, side: int = SIDE, per_axis: int = PER_AXIS) -> list[Box]:
    """Input of the network for a look at a plane: boxes of one size, spread evenly, independent of the tiles."""
    rows, columns = (_positions(length, geometry, side, per_axis) for length in (height, width))
    return [Box(y, x, rows[1], columns[1]) for y in rows[0] for x in columns[0]]


@torch.inference_mode()
def adapt(network: Any, batch: NDArray[np.float32]) -> None:
    """Replace the statistics of the network's normalisation layers by those of a batch (N, C, h, w) of one plane."""
    layers = normalisation_layers(network)
    with _measuring(layers):
        weight = next(network.parameters())
        network(torch.from_numpy(batch).to(weight.device, memory_format=torch.channels_last))


def statistics_of(network: Any) -> Float32:
    """Statistics of all normalisation layers, float32 (n,): for each its means, then its variances."""
    found = [values for layer in normalisation_layers(network) for values in (layer.running_mean, layer.running_var)]
    return np.concatenate([values.float().cpu().numpy() for values in found if values is not None])


@torch.inference_mode()
def put_statistics(network: Any, statistics: Float32) -> None:
    """Give the normalisation layers the statistics (n,) that `statistics_of` has read."""
    at = 0
    for layer in normalisation_layers(network):
        for values in (layer.running_mean, layer.running_var):
            assert values is not None
            values.copy_(torch.from_numpy(statistics[at : at + values.numel()].copy()))
            at += values.numel()
    assert at == len(statistics)


@torch.no_grad()
def gather(network: Any, batches: Iterable[NDArray[np.float32]]) -> None:
    """Replace the statistics by the mean of those of several batches (N, C, h, w), each of one image."""
    layers = normalisation_layers(network)
    for layer in layers:
        layer.reset_running_stats()
    with _measuring(layers, momentum=None):
        for batch in batches:
            network(torch.from_numpy(batch))


def folded(network: Any) -> Any:
    """A copy in which each normalisation right behind a convolution is part of that convolution's weights.

    The same function to rounding, without a pass over memory for each of them.
    """
    network = copy.deepcopy(network).eval()
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            _fold(module)
    return network.to(memory_format=torch.channels_last)


def _fold(block: nn.Sequential) -> None:
    """Put each normalisation of a block into the convolution before it."""
    for k, (layer, following) in enumerate(pairwise(list(block))):
        if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
            block[k], block[k + 1] = fuse_conv_bn_eval(layer, following), nn.Identity()


@contextmanager
def _measuring(layers: list[nn.BatchNorm2d], momentum: float | None = 1.0) -> Iterator[None]:
    """Take statistics in what follows: the last ones, or without momentum the mean of all."""
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.train()
        layer.momentum = momentum
    try:
        yield
    finally:
        for layer, before in zip(layers, usual, strict=True):
            layer.eval()
            layer.momentum = before


def strongest(boxes: Sequence[Box], contrasts: Sequence[float], most: int) -> list[Box]:
    """The boxes with most contrast, in their order: at most so many, and none with less than half of the greatest."""
    ranked = sorted(range(len(boxes)), key=lambda k: -contrasts[k])[:most]
    return [boxes[k] for k in sorted(ranked) if contrasts[k] >= max(contrasts) / 2]


def _positions(length: int, geometry: Geometry, side: int, per_axis: int) -> tuple[list[int], int]:
    if length <= WHOLE:
        return [-geometry.margin], geometry.input_size(length)
    starts = np.linspace(0, length - side, per_axis) // geometry.stride * geometry.stride
    return [int(start) - geometry.margin for start in starts], geometry.input_size(side)

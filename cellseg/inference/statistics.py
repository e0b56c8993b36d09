"""Normalisation statistics taken once from the image that is predicted, then frozen.

Running statistics of a training on one-tile batches fail on images of another contrast, and statistics
taken tile by tile would make the result depend on the tiles. So the network sees tiles spread over the
plane in one batch, and what its normalisation layers find there holds for all tiles of that plane:
deterministic, exact under tiling, and adapted to the microscope.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from cellseg.images.normalise import Normalisation, apply
from cellseg.images.source import ImageSource
from cellseg.inference.mirror import read_mirrored
from cellseg.inference.tiling import Box

WHOLE = 520  # planes up to this side are seen in one piece
SIDE = 192  # output side of each of the tiles spread over a larger plane
PER_AXIS = 3


def normalisation_layers(network: Any) -> list[nn.BatchNorm2d]:
    """The layers whose statistics are taken from the image."""
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]


def sample_boxes(height: int, width: int, geometry: Any) -> list[Box]:
    """What the network looks at for its statistics: boxes of one size, spread evenly, independent of the tiles."""
    rows, columns = _positions(height, geometry), _positions(width, geometry)
    return [Box(y, x, rows[1], columns[1]) for y in rows[0] for x in columns[0]]


@torch.inference_mode()
def adapt(network: Any, source: ImageSource, plane: int, normalisation: Normalisation) -> None:
    """Replace the statistics of the network's normalisation layers by those of one plane."""
    layers = normalisation_layers(network)
    if not layers:
        return
    boxes = sample_boxes(source.height, source.width, network.geometry)
    batch = np.stack([apply(read_mirrored(source, plane, box), normalisation) for box in boxes])
    with _measuring(layers):
        weight = next(network.parameters())
        network(torch.from_numpy(batch).to(weight.device, memory_format=torch.channels_last))


@contextmanager
def _measuring(layers: list[nn.BatchNorm2d]) -> Iterator[None]:
    momentum = [layer.momentum for layer in layers]
    for layer in layers:
        layer.train()
        layer.momentum = 1.0
    try:
        yield
    finally:
        for layer, before in zip(layers, momentum, strict=True):
            layer.eval()
            layer.momentum = before


def _positions(length: int, geometry: Any) -> tuple[list[int], int]:
    if length <= WHOLE:
        return [-geometry.margin], geometry.input_size(length)
    starts = np.linspace(0, length - SIDE, PER_AXIS) // geometry.stride * geometry.stride
    return [int(start) - geometry.margin for start in starts], geometry.input_size(SIDE)

"""Tiny models of every network of the family."""

import numpy as np
import pytest
import torch

import cellseg
from cellseg.models.blocks import Head
from cellseg.models.registry import NETWORKS
from cellseg.models.trained import as_model

ENCODED = ("mobileunet", "effunet")


def tiny(name, channels=1, classes=2, tame=True, **options):
    """A model with random weights and random statistics, which are fixed; `tame`: its logits are of usual size."""
    torch.manual_seed(len(name))
    depth = 3 if name in ENCODED else 2
    network = cellseg.build(
        name, **{"base": 2, "depth": depth, "norm": "batch", **options}, channels=channels, classes=classes
    )
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
    network.eval()
    if tame:
        _tame(network, channels)
    model = as_model(network)
    return with_card(model, statistics="fixed", grey_values="contrast")


def _tame(network, channels):
    """Logits no larger than those of trained networks: of hundreds, float32 has not enough digits for any program."""
    side = network.geometry.input_size(48)
    with torch.no_grad():
        factor = min(1, 3 / network(torch.randn(1, channels, side, side)).std())
        for layer in (layer for layer in network.modules() if isinstance(layer, Head)):
            layer.weight *= factor
            layer.bias *= factor


def with_card(model, **fields):
    from dataclasses import replace

    return replace(model, card=replace(model.card, **fields))


every_network = pytest.mark.parametrize("name", NETWORKS)


def images_of(geometry, channels, count=5, seed=0):
    """Random images (N, C, H, W) of different legal sizes."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        size = [geometry.smallest + geometry.stride * steps for steps in (k, (3 * k) % 5)]
        yield (2 * rng.standard_normal((1 + k % 2, channels, *size))).astype(np.float32)

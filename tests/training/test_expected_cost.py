"""The plan of a training follows the very network."""

import numpy as np
import pytest

import cellseg
from cellseg.models.cost import parameters, training_bytes
from cellseg.training.expected_cost import step_seconds
from cellseg.training.recipes import settings_for


def small(name):
    return settings_for("fast", model=name, base=8, depth=2, tile=60)


def network(name):
    from cellseg.models.registry import build_for

    return build_for(small(name).network, 1, 2)[0]


def kept(name, batch=1):
    made = network(name)
    side = made.geometry.input_size(60)
    return training_bytes(made, (batch, 1, side, side))


def test_memory_follows_the_network_and_the_batch():
    assert kept("unet") < kept("unetpp") < kept("unet3p")
    assert kept("unet", 4) == pytest.approx(4 * kept("unet"), rel=0.05)


def test_what_is_kept_is_the_input_of_each_layer():
    made = cellseg.build("unet", base=4, depth=1, norm="none", dropout=0.0)
    side = made.geometry.input_size(16)
    maps = 4 * np.array([side**2, 4 * (side - 2) ** 2, 4 * (side - 4) ** 2])  # float32: input, two levels of four
    assert training_bytes(made, (1, 1, side, side)) > maps.sum()
    assert parameters(made) == sum(weight.numel() for weight in made.parameters())


def test_time_is_that_of_the_very_network():
    seconds = {}
    for name in ("unet", "unet3p"):
        made = network(name)
        side = made.geometry.input_size(60)
        seconds[name] = step_seconds(small(name), made, 1, (side, made.geometry.output_size(side)))
    assert seconds["unet3p"] > 1.5 * seconds["unet"]

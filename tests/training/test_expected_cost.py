"""The plan of a training follows the very network."""

import time
from dataclasses import replace

import numpy as np
import pytest

import cellseg
from cellseg.models.cost import parameters, training_bytes
from cellseg.models.registry import build_for
from cellseg.training import expected_cost
from cellseg.training.estimate import estimate_training, validated_pixels
from cellseg.training.expected_cost import step_seconds
from cellseg.training.recipes import settings_for


def small(name):
    return settings_for("fast", model=name, base=8, depth=2, tile=60)


def network(name):
    return build_for(small(name).network, 1, 2)[0]


def sample(made, output=60):
    """Sides of a sample's input and of its labelled part."""
    side = made.geometry.input_size(output)
    return side, made.geometry.output_size(side)


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


def test_time_is_that_of_the_very_network(monkeypatch):
    """Steps of the network itself are timed: here each step takes as many milliseconds as the network has layers."""

    def step(state, *_):
        time.sleep(0.001 * sum(1 for _ in state.network.modules()))

    monkeypatch.setattr(expected_cost, "take_step", step)
    for name in ("unet", "unetpp", "unet3p"):
        made = network(name)
        layers = sum(1 for _ in made.modules())
        assert step_seconds(small(name), made, 1, sample(made)) >= 0.001 * layers


def test_of_a_step_that_takes_long_a_smaller_one_is_measured(monkeypatch):
    made, seen = network("unet"), []

    def step(state, batch, *_):
        seen.append(tuple(batch.images.shape))
        time.sleep(0.01)

    monkeypatch.setattr(expected_cost, "take_step", step)
    whole = step_seconds(small("unet"), made, 1, sample(made, 200))
    monkeypatch.setattr(expected_cost, "LONGEST", 1e7)
    assert step_seconds(small("unet"), made, 1, sample(made, 200)) > 3 * whole
    assert seen[-1][-1] < seen[0][-1] / 2
    monkeypatch.setattr(expected_cost, "available", lambda: 1)  # no sample fits: the smallest one is tried
    step_seconds(small("unet"), made, 1, sample(made, 200))
    assert made.geometry.output_size(seen[-1][-1]) <= 8 * made.geometry.stride


def test_validations_look_at_some_images_and_search_on_as_many_as_the_training_will():
    options = settings_for("fast", steps=40, validate_every=20, validation=1).train
    predicted, searched = validated_pixels([(100, 100)] * 5, options)
    assert (predicted, searched) == (3 * 5 * 10_000, 2 * 5 * 10_000)
    predicted, searched = validated_pixels([(1000, 1000)] * 40, replace(options, validation=0.5))
    assert (predicted, searched) == (3 * 20 * 1e6, 2 * 4 * 1e6)


def test_of_large_images_windows_are_predicted_and_searched():
    options = settings_for("fast", steps=40, validate_every=20, validation=1).train
    assert validated_pixels([(8000, 8000)] * 2, options) == validated_pixels([(20_000, 20_000)] * 2, options)
    predicted, searched = validated_pixels([(8000, 8000)] * 2, options)
    assert predicted <= 3 * 4 * 2 * 2**22
    assert searched <= 2 * 2**22


def test_before_torch_the_default_network_is_said_to_cost_the_same():
    settings = settings_for()
    made = build_for(settings.network, 1, 2)[0]
    side, shapes = made.geometry.input_size(204), [(400, 400)] * 6
    counted = expected_cost._memory(shapes, 1, 1, made, (side, made.geometry.output_size(side)))
    assert estimate_training(shapes, 1, settings).bytes == pytest.approx(counted, rel=0.1)


def test_one_large_image_takes_what_its_weight_map_does():
    """20 bytes a pixel while it is made, beside 22 that are kept."""
    made = network("unet")
    few, one = (expected_cost._memory([shape], 1, 1, made, sample(made)) for shape in ((100, 100), (8000, 8000)))
    assert one - few > 40 * (8000**2 - 100**2) - 5e8
    assert one > 93 * 8000**2  # the examination of its labels

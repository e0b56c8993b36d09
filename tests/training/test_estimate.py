"""Estimates: the network's numbers are exact, the rest rises with what costs more."""

from dataclasses import replace

import pytest
import torch

from cellseg.models.unet import UNet
from cellseg.options import NetworkOptions, PredictOptions, UNetOptions
from cellseg.training.estimate import cost_of, estimate_prediction, estimate_training, input_side, margin_of
from cellseg.training.recipes import settings_for

SETTINGS = settings_for()


@pytest.mark.parametrize(("base", "depth", "channels"), [(16, 3, 1), (64, 4, 1), (4, 1, 3)])
def test_parameters_and_sizes_are_the_network_s(base, depth, channels):
    network = NetworkOptions(base=base, depth=depth, norm="none")
    made = UNet(UNetOptions(base=base, depth=depth, channels=channels))
    side = made.geometry.input_size(200)
    assert cost_of(network, channels, side).parameters == sum(p.numel() for p in made.parameters())
    assert margin_of(network) == made.geometry.margin
    assert abs(input_side(network, 200) - side) <= 2**depth


def test_multiplications_and_values_are_those_of_the_layers():
    network, counts = UNet(UNetOptions(base=4, depth=2)), [0, 0]

    def count(layer, _inputs, output):
        taps = layer.weight[0, 0].numel() if isinstance(layer, torch.nn.Conv2d) else 1
        counts[0] += taps * layer.in_channels * output.numel()
        counts[1] += output.numel()

    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            layer.register_forward_hook(count)
    network(torch.zeros(1, 1, 76, 76))
    cost = cost_of(NetworkOptions(base=4, depth=2), 1, 76)
    assert [cost.multiplications, cost.values] == counts


def test_what_costs_more_is_said_to_cost_more():
    few, many = [(512, 512)] * 4, [(512, 512)] * 40
    small, large = estimate_training(few, 1, SETTINGS, cores=2), estimate_training(many, 1, SETTINGS, cores=2)
    assert large.bytes - small.bytes == pytest.approx(36 * 512 * 512 * 22)
    wide = replace(SETTINGS, network=replace(SETTINGS.network, base=32))
    assert estimate_training(few, 1, wide, cores=2).seconds > 2 * small.seconds
    assert estimate_training(few, 1, SETTINGS, cores=1).seconds > 1.5 * small.seconds


def test_a_prediction_s_memory_does_not_grow_with_its_planes():
    def ask(planes, **options):
        return estimate_prediction((2000, 3000), planes, 1, SETTINGS.network, PredictOptions(**options), cores=2)

    assert ask(10).bytes == ask(1).bytes
    assert ask(10).seconds == pytest.approx(10 * ask(1).seconds)
    assert ask(1, tile=256).bytes < ask(1).bytes
    assert ask(1, average="dihedral8").seconds > 4 * ask(1).seconds

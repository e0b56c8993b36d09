"""Statistics of normalisation layers that are fixed when the training ends.

In the first part of a training (`hold`) each step is normalised by its own samples, as Ioffe and Szegedy 2015 (batch
normalisation), and a slow average is kept. Then the average is held, and the network goes on learning with the very
numbers that it will predict with: what it says of a pixel depends on nothing outside its receptive field.
"""

from __future__ import annotations

from torch import nn

from cellseg.options import TrainOptions

SLOW, QUICK = 0.01, 0.1
"""Least and most of the average that a step replaces."""
SHARE = 10
"""The average covers about a tenth of the steps until it is held."""
HOLD = 0.5
"""Part of the steps after which statistics are held where nothing else is said."""
EMPTY = 0.5
"""Part of the steps from which on some samples are empty, where statistics are not held before."""


def hold_of(options: TrainOptions) -> float:
    """The part of the steps after which statistics are held; `HOLD` where it is open."""
    return HOLD if options.hold is None else options.hold


def held_from(options: TrainOptions, *, known: bool) -> int:
    """The number of steps after which statistics are held; `known` ones of an earlier model from the first."""
    return 0 if known else int(hold_of(options) * options.steps)


def empty_from(options: TrainOptions, *, known: bool) -> int:
    """The number of steps after which some samples hold no object; in the first half the network has to find any."""
    return min(held_from(options, known=known), int(EMPTY * options.steps))


def settle(network: nn.Module, step: int, options: TrainOptions, *, known: bool) -> None:
    """Set the normalisation layers of a network for the step that follows `step` others.

    `known` statistics, of a model that is gone on from, are held from the first step.
    """
    if options.statistics != "fixed":
        return
    until = held_from(options, known=known)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = min(max(SHARE / max(until, 1), SLOW), QUICK)
            layer.train(step < until)

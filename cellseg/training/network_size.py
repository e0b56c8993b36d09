"""Size of the network that suits the machine: on a GPU the recipe `fast` takes the largest whose steps are short.

On a processor its own 16 channels are best in the same time, with bfloat16 too (docs/measurements.md), and nothing is
measured: a training is the same on a busy machine. On a GPU a few steps of each size are measured before the images are
read, from the smallest on, until one is too slow. What is chosen stands among the options of the run: who goes on
with it or repeats it measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from cellseg.models.hardware import training_device, use_threads
from cellseg.models.registry import build_for
from cellseg.options import TrainSettings
from cellseg.training.expected_cost import step_seconds
from cellseg.training.recipes import FAST, settings_for
from cellseg.training.several import from_first
from cellseg.training.torchrun import is_several, processes

LONGEST = 0.25
"""Seconds of the longest step that is short: 4,000 of them take a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """Channels of the finest level, halvings, and samples a step of each process; options are called the same."""

    base: int
    depth: int
    batch: int

    def __str__(self) -> str:
        return f"{self.base} channels, depth {self.depth}, {self.batch} sample{'s' * (self.batch > 1)} a step"


ON_GPU = (NetworkSize(32, 3, 4), NetworkSize(32, 4, 8), NetworkSize(64, 4, 8))
"""Sizes for a GPU: each is several times the work of the one before; the last is as wide and deep as that of 2015."""


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size that was chosen, and the seconds of a step of it."""

    size: NetworkSize
    seconds: float

    def __str__(self) -> str:
        """Sentence for people."""
        measured = f"{self.size} of {self.seconds:.2g} s, measured"
        return f"fast on this machine: {measured}; --base, --depth and --batch choose another."


def size_for(options: Mapping[str, Any]) -> SizeChoice | None:
    """Choice of the recipe `fast` on this machine; None where another recipe, the machine or the options leave none.

    `options` are those that are given, by name; they stay. Raises InputError for wrong ones.
    """
    settings = settings_for(**options)
    given = {name: options[name] for name in ("base", "depth", "batch") if options.get(name) is not None}
    if "batch" in given:
        given["batch"] = math.ceil(given["batch"] / processes())
    sizes = dict.fromkeys(replace(size, **given) for size in _sizes(settings))
    if len(sizes) < 2:
        return None
    use_threads(settings.train.threads)
    return chosen(_timed(sizes, settings))


def options_of(choice: SizeChoice) -> dict[str, int]:
    """The options that a choice means, for all processes together; the samples of the recipe itself are none."""
    options = {**asdict(choice.size), "batch": choice.size.batch * processes()}
    return {name: value for name, value in options.items() if (name, value) != ("batch", FAST["batch"])}


def chosen(times: Iterator[tuple[NetworkSize, float]]) -> SizeChoice:
    """The last size with a short step, else the first.

    Args:
        times: seconds of a step by size, smallest first; no more are asked for after one that is too long.
    """
    short: list[SizeChoice] = []
    for size, seconds in times:
        found = SizeChoice(size, seconds)
        if seconds > LONGEST:
            return short[-1] if short else found
        short.append(found)
    return short[-1]


def measured_seconds(settings: TrainSettings) -> float:
    """Time of a step of the very network; infinite where the GPU's memory does not suffice.

    Of several processes, which take the step together, one whose memory does not suffice ends them all.
    """
    network = build_for(settings.network, 1, 2)[0]
    side = network.geometry.input_size(settings.train.tile)
    try:
        return step_seconds(settings, network, 1, (side, network.geometry.output_size(side)))
    except torch.OutOfMemoryError:
        if is_several():
            raise
        torch.cuda.empty_cache()
        return math.inf


def _sizes(settings: TrainSettings) -> tuple[NetworkSize, ...]:
    """The sizes that the recipe has for this machine; none where it stays as it is."""
    return ON_GPU if settings.train.recipe == "fast" and training_device().type == "cuda" else ()


def _timed(sizes: Iterable[NetworkSize], settings: TrainSettings) -> Iterator[tuple[NetworkSize, float]]:
    """Sizes with the seconds of a step of each, which several processes take together and agree on."""
    for size in sizes:
        sized = replace(
            settings,
            network=replace(settings.network, base=size.base, depth=size.depth),
            train=replace(settings.train, batch=size.batch),
        )
        yield size, _agreed(measured_seconds(sized))


def _agreed(seconds: float) -> float:
    """The time that the first of several processes measured."""
    return float(from_first(lambda: repr(seconds).encode()))

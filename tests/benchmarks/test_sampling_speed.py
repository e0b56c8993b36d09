"""What the input pipeline costs beside a training step of the recipe `fast`, and what is done before the first step.

Processor time on one core. Samples are drawn in the background: on two cores a step takes both, drawing one of them.
"""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import torch

from cellseg.images.write import write_stack
from cellseg.labels.pairs import find_pairs
from cellseg.options import AugmentOptions
from cellseg.samples.sample import make_sample
from cellseg.training.data import read_training_set
from cellseg.training.recipes import settings_for
from cellseg.training.sampler import Sampler
from cellseg.training.state import new_state
from cellseg.training.step import precision_of, take_step
from cellseg.training.train import make_network, sample_size
from cellseg.training.weight_maps import weigh

pytestmark = pytest.mark.benchmark

SETTINGS = settings_for("fast")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Twelve generated EM sections of 512 x 512."""
    folder = tmp_path_factory.mktemp("sections")
    made = [make_sample("em", (512, 512), np.random.default_rng(k)) for k in range(12)]
    for name, stack in zip(("i.tif", "l.tif"), zip(*made, strict=True), strict=True):
        write_stack(folder / name, np.stack(stack), "ZYX")
    return read_training_set(find_pairs(folder / "i.tif", folder / "l.tif"), SETTINGS.labels, 0)


def examples_of(data, *where, threads=1):
    events = weigh(data, SETTINGS.weights, *where, threads=threads)
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def seconds(work, times):
    """Median processor time of a call; the first two, which compile, are not counted."""
    taken = []
    for k in range(times + 2):
        start = time.process_time()
        work(k)
        taken.append(time.process_time() - start)
    return float(np.median(taken[2:]))


def test_drawing_a_batch_against_a_step(benchmark, data):
    torch.set_num_threads(1)
    network = make_network(data, SETTINGS)
    size = sample_size(data, SETTINGS, network.geometry)
    state = new_state(network, SETTINGS.train)
    state.network.train()
    examples = examples_of(data)

    def sampler(augment):
        return Sampler(examples, augment, 0, SETTINGS.train.batch, *size)

    batch, precision = sampler(SETTINGS.augment).draw(0), precision_of(SETTINGS.train)
    step = seconds(lambda _: take_step(state, batch, SETTINGS.train, precision), 9)
    kinds = {"fast": SETTINGS.augment, "always mosaic": AugmentOptions(mosaic=1)}
    kinds["no change"] = AugmentOptions(elastic=0, rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0)
    taken = {name: seconds(sampler(augment).draw, 40) for name, augment in kinds.items()}
    benchmark.pedantic(sampler(SETTINGS.augment).draw, (0,), rounds=3)
    parts = ", ".join(f"{name} {1000 * s:.1f} ms" for name, s in taken.items())
    share = taken["fast"] / step
    print(
        f"\ninput pipeline, {SETTINGS.train.batch} samples of {size[0]} x {size[0]}: {parts}; a step takes "
        f"{1000 * step:.0f} ms, drawing {share:.1%} of it (want <= 5 %)"
    )
    assert share <= 0.05


def test_weight_maps_before_the_first_step(benchmark, data, tmp_path):
    examples_of(data)
    taken, clocks = {}, {"processor": time.process_time, "wall": time.perf_counter}
    for name, threads, where, clock in (
        ("made", 1, (), "processor"),
        ("kept from before", 1, (tmp_path,), "processor"),
        ("made in one thread", 1, (), "wall"),
        (f"made in {os.cpu_count()} threads", 0, (), "wall"),
    ):
        for folder in where:
            examples_of(data, folder)
        start = clocks[clock]()
        examples_of(data, *where, threads=threads)
        taken[f"{name}, {clock} time"] = clocks[clock]() - start
    benchmark.pedantic(examples_of, (data, tmp_path), rounds=2)
    print("\n12 sections of 512 x 512 made ready: " + "; ".join(f"{k} {v:.2f} s" for k, v in taken.items()))
    assert taken["kept from before, processor time"] < taken["made, processor time"]

"""Figures of the preprocessing: ratios of times taken in one process, and peak memory.

All of it runs on one core, so that times are processor times: other programs disturb them less.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import Example, draw_sample, make_example
from cellseg.preprocess.borders import border_term, weight_map
from cellseg.preprocess.elastic import displacement_field, warp
from cellseg.preprocess.resample import spline_coefficients
from cellseg.preprocess.separate import separate

pytestmark = pytest.mark.benchmark

SIDE = 2048
ELASTIC = AugmentOptions(rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0)


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Processor time of the shortest of several runs; the first, which compiles, is not counted."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def show(line: str) -> None:
    print(f"\n{line}")


def discs(across: int, filled: float = 0.8) -> np.ndarray:
    """across * across discs, their diameter `filled` of their pitch, (2048, 2048) int32."""
    pitch = SIDE / across
    y, x = np.mgrid[:SIDE, :SIDE]
    offset_y, offset_x = y % pitch - pitch / 2, x % pitch - pitch / 2
    numbers = (y // pitch) * across + x // pitch + 1
    return np.where(offset_y**2 + offset_x**2 < (filled * pitch / 2) ** 2, numbers, 0).astype(np.int32)


def tiles(across: int) -> np.ndarray:
    """across * across squares that touch all around, (2048, 2048) int32."""
    at = np.arange(SIDE) * across // SIDE
    return (at[:, None] * across + at + 1).astype(np.int32)


@pytest.mark.parametrize("cells", [discs, tiles])
def test_weight_map_against_one_distance_transform(benchmark, cells):
    few, many = cells(10), cells(100)
    transform = seconds(lambda: ndimage.distance_transform_edt(many == 0), 3)
    at_few = seconds(lambda: weight_map(few))
    at_many = seconds(lambda: weight_map(many))
    benchmark.pedantic(weight_map, (many,), rounds=3)
    show(
        f"weight map, {SIDE} x {SIDE}, {cells.__name__}: {at_few / transform:.2f} distance transforms with 100 cells, "
        f"{at_many / transform:.2f} with 10,000 (want <= 8), factor {at_many / at_few:.2f} (want <= 1.5); "
        f"one transform takes {transform:.3f} s"
    )
    assert max(at_few, at_many) <= 8 * transform
    assert 1 / 1.5 <= at_many / at_few <= 1.5


def test_separating_border(benchmark):
    labels = tiles(100)
    taken = seconds(lambda: separate(labels))
    benchmark.pedantic(separate, (labels,), rounds=3)
    show(f"separating border, {SIDE} x {SIDE}, 10,000 touching cells: {1000 * taken:.0f} ms (want <= 100)")
    assert taken <= 0.1


def test_peak_memory_of_the_weight_map(benchmark):
    labels = tiles(100)
    benchmark.pedantic(weight_map, (labels,), rounds=1)
    tracemalloc.start()
    weight_map(labels)
    peak = tracemalloc.get_traced_memory()[1] / (4 * labels.size)
    tracemalloc.stop()
    show(f"peak memory of the weight map: {peak:.1f} float32 images (want <= 12)")
    assert peak <= 12


def test_error_of_the_weight_map_against_a_loop_over_the_cells(benchmark):
    labels = separate(tiles(100)[:400, :400])
    start = time.process_time()
    nearest = np.full((2, *labels.shape), np.inf)
    for cell in np.unique(labels[labels > 0]):
        distance = ndimage.distance_transform_edt(labels != cell)
        nearest = np.sort(np.concatenate([nearest, distance[None]]), axis=0)[:2]
    looped = time.process_time() - start
    wanted = np.where(labels == 0, 10 * np.exp(-(nearest.sum(axis=0) ** 2) / 50), 0)
    benchmark.pedantic(border_term, (labels,), rounds=3)
    error = float(np.abs(border_term(labels) - wanted).max())
    taken = seconds(lambda: border_term(labels))
    show(
        f"largest error of the weight map: {error:.1e} (want <= 1e-5), {labels.shape[0]} x {labels.shape[1]}, "
        f"{len(np.unique(labels)) - 1} cells; the loop takes {looped:.1f} s, {looped / taken:.0f} times as long"
    )
    assert error <= 1e-5


def test_error_of_the_elastic_field(benchmark):
    shape = 572, 572
    benchmark.pedantic(displacement_field, (shape, np.random.default_rng(0)), rounds=3)
    field = displacement_field(shape, np.random.default_rng(0))
    vectors = np.random.default_rng(0).normal(0, 10, (2, 3, 3))
    at = np.meshgrid(*(np.linspace(0, 2, length) for length in shape), indexing="ij")
    spline = np.stack([ndimage.map_coordinates(part, at, order=3, mode="mirror") for part in vectors])
    error = float(np.abs(field - spline).max())
    show(f"largest error of the elastic field against scipy's cubic spline: {error:.1e} px (want <= 1e-4)")
    assert error <= 1e-4


def sample_parts() -> tuple[Example, np.ndarray]:
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.standard_normal((572, 572)), 2).astype(np.float32)
    return make_example(image[None], (image > 0).astype(np.uint8), np.ones_like(image)), image


def test_elastic_sample_against_elasticdeform(benchmark):
    elasticdeform = pytest.importorskip("elasticdeform")
    example, image = sample_parts()
    labels, weights = example.classes[92:-92, 92:-92].astype(np.float32), example.weights[92:-92, 92:-92].copy()
    rng, vectors = np.random.default_rng(0), np.random.default_rng(0).normal(0, 10, (2, 3, 3))
    sizes = {"input_size": (572, 572), "output_size": (388, 388), "centre": (285.5, 285.5)}

    def with_prefilter() -> None:
        make_example(example.image, example.classes, example.weights)
        draw_sample(example, rng, ELASTIC, **sizes)

    arrays = image, labels, weights
    theirs = sum(seconds(lambda a=a: elasticdeform.deform_grid(a, vectors, order=3), 3) for a in arrays)
    ours = seconds(lambda: draw_sample(example, rng, ELASTIC, **sizes))
    all_ours = seconds(with_prefilter)
    benchmark.pedantic(draw_sample, (example, rng, ELASTIC), sizes, rounds=3)
    show(
        f"elastic sample, 572 x 572: {1000 * ours:.0f} ms, {theirs / ours:.1f} times as fast as elasticdeform "
        f"(want >= 5); {theirs / all_ours:.1f} times with the spline filter done anew"
    )
    assert theirs >= 5 * ours


def test_whole_sample_and_its_parts(benchmark):
    example, image = sample_parts()
    rng = np.random.default_rng(0)
    field = displacement_field(image.shape, rng)
    sizes = {"input_size": (572, 572), "output_size": (388, 388)}
    parts = {
        "field": lambda: displacement_field(image.shape, rng),
        "spline filter": lambda: spline_coefficients(image),
        "warp": lambda: warp(image, field, 3),
        "elastic sample": lambda: draw_sample(example, rng, ELASTIC, **sizes),
        "sample with all changes": lambda: draw_sample(example, rng, AugmentOptions(), **sizes),
    }
    benchmark.pedantic(parts["sample with all changes"], rounds=3)
    show(", ".join(f"{name}: {1000 * seconds(work, 10):.1f} ms" for name, work in parts.items()))

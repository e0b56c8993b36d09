"""Time and memory of the metrics; run by `make bench`."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from scipy import ndimage

from cellseg.metrics import object_table, tally_cells, v_info, v_rand, warping_error

pytestmark = pytest.mark.benchmark


def many_cells(side: int, count: int, seed: int) -> np.ndarray:
    """(H, W) int32: ellipses of random shape on a grid, numbered from 1."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((side, side), dtype=np.int32)
    columns = int(np.ceil(np.sqrt(count)))
    step = side // columns
    y, x = np.mgrid[-(step // 2) : step - step // 2, -(step // 2) : step - step // 2]
    for number in range(count):
        a, b = rng.uniform(0.3, 0.48, 2) * step
        turn = rng.uniform(0, np.pi)
        u, v = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
        top, left = number // columns * step, number % columns * step
        labels[top : top + step, left : left + step][(u / a) ** 2 + (v / b) ** 2 < 1] = number + 1
    return labels


def neurites(side: int, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """A mask (H, W) of cells between membranes, and one as a network might predict it."""
    rng = np.random.default_rng(seed)
    seeds = np.zeros((side, side), dtype=np.int32)
    places = rng.integers(0, side, (2, side // 4))
    seeds[tuple(places)] = np.arange(1, places.shape[1] + 1)
    nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    cells = seeds[tuple(nearest)]
    truth = ndimage.grey_dilation(cells, 5) == ndimage.grey_erosion(cells, 5)
    rough = ndimage.gaussian_filter(rng.standard_normal(truth.shape), 2)
    return ndimage.gaussian_filter(truth.astype(float), 2) + noise * rough / rough.std() > 0.6, truth


def test_all_cell_metrics_of_20000_cells(capsys):
    resource = pytest.importorskip("resource")
    truth = many_cells(4096, 20_000, seed=0)
    prediction = np.roll(many_cells(4096, 20_000, seed=1), (2, 1), (0, 1))
    prediction[prediction % 17 == 0] = 0
    tally_cells(truth[:64, :64], truth[:64, :64])
    start = time.perf_counter()
    tally_cells(prediction, truth)
    rows = object_table(prediction, truth)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    with capsys.disabled():
        sys.stdout.write(f"\n4096 x 4096, 20000 cells: {seconds:.2f} s, {memory:.2f} GB, {len(rows)} objects\n")
    assert seconds < 5
    assert memory < 2


@pytest.mark.parametrize("noise", [0.1, 0.2, 0.4])
def test_em_metrics_of_a_section(capsys, noise):
    prediction, truth = neurites(512, 0, noise)
    warping_error(prediction[:32, :32], truth[:32, :32])
    start = time.perf_counter()
    error = warping_error(prediction, truth)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    rand, info = (score(prediction, truth, thin=True) for score in (v_rand, v_info))
    others = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(
            f"\n512 x 512: warping {error:.5f}, {seconds:.2f} s; V {rand:.3f} {info:.3f}, {others:.2f} s\n"
        )
    assert seconds < 5


USELESS = {"full": np.ones((512, 512), dtype=bool), "noise": np.random.default_rng(0).random((512, 512)) > 0.5}


@pytest.mark.parametrize("prediction", USELESS.values(), ids=USELESS)
def test_warping_error_of_useless_predictions(capsys, prediction):
    truth = neurites(512, 0, 0.0)[1]
    warping_error(prediction[:32, :32], truth[:32, :32])
    start = time.perf_counter()
    error = warping_error(prediction, truth)
    seconds = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(f"\n512 x 512, useless: warping {error:.5f}, {seconds:.2f} s\n")
    assert seconds < 5

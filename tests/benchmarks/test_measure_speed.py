"""Time to measure many cells; run by `make bench`."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from skimage.measure import regionprops_table

import cellseg

pytestmark = pytest.mark.benchmark
NAMES = ("area", "centroid", "bbox", "perimeter", "axis_major_length", "axis_minor_length", "eccentricity")
MORE = ("orientation", "solidity", "intensity_mean", "intensity_min", "intensity_max", "intensity_std")


def many_cells(side: int, count: int) -> np.ndarray:
    """(H, W) uint32: ellipses in rows, numbered from 1."""
    columns = int(np.ceil(np.sqrt(count)))
    step = side // columns
    y, x = np.mgrid[:step, :step] - step // 2
    labels = np.zeros((side, side), np.uint32)
    for number in range(count):
        top, left = number // columns * step, number % columns * step
        inside = (y / (step * 0.45)) ** 2 + (x / (step * (0.25 + number % 7 * 0.03))) ** 2 < 1
        labels[top : top + step, left : left + step][inside] = number + 1
    return labels


def test_20000_cells(capsys):
    labels = many_cells(4096, 20_000)
    grey = np.random.default_rng(0).integers(0, 2**16, labels.shape).astype(np.uint16)
    cellseg.measure_cells(labels[:64, :64], {"grey": grey[:64, :64]})
    wall, start = time.perf_counter(), time.process_time()
    table = cellseg.measure_cells(labels, {"grey": grey})
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    rows = 256
    start = time.process_time()
    known = regionprops_table(labels[:rows], grey[:rows], properties=NAMES + MORE)
    other = (time.process_time() - start) / len(known["area"])
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(table)} cells of 4096 x 4096: {seconds:.2f} s of processor time ({wall:.2f} s of wall time), "
            f"{1e6 * seconds / len(table):.0f} us a cell; scikit-image {1e6 * other:.0f} us a cell\n"
        )
    assert seconds < 10

"""What changes far away changes no cell: hot pixels, dust, margins, crops, other units (the model in the box)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import cellseg
from cellseg.samples.sample import make_sample

SIDE = 320
FAR = 100
"""Pixels from an edge from which on cells must be as before: more than the network sees."""
few = settings(deadline=None, max_examples=3, derandomize=True, suppress_health_check=list(HealthCheck))
"""Each example is a prediction of about a second."""


@cache
def model():
    return cellseg.load("nuclei")


@cache
def plain(seed=0):
    """Bright nuclei of 16 bits with an offset, and the cells found in them."""
    image = make_sample("blobs", (SIDE, SIDE), np.random.default_rng(seed))[0].astype(np.uint16) * 20 + 500
    return image, cellseg.segment_array(model(), image)


def assert_same(before, after):
    """The same cells, but for one."""
    count = len(np.unique(before)) - 1
    assert count > 5
    assert cellseg.metrics.average_precision(after, before, 0.7) >= (count - 1) / (count + 1)


@few
@given(st.floats(1e-4, 5e-4), st.sampled_from([0, 65535]), st.integers(0, 99))
def test_hot_and_dead_pixels(share, value, seed):
    (image, before), rng = plain(), np.random.default_rng(seed)
    spoilt = image.copy()
    spoilt.flat[rng.choice(image.size, int(share * image.size), replace=False)] = value
    assert_same(before, cellseg.segment_array(model(), spoilt))


@few
@given(st.integers(4, 24), st.integers(0, SIDE - 24), st.integers(0, SIDE - 24))
def test_dust(side, y, x):
    image, before = plain()
    dusty = image.copy()
    dusty[y : y + side, x : x + side] = 65535
    away = np.ones(image.shape, bool)
    away[max(0, y - FAR // 2) : y + side + FAR // 2, max(0, x - FAR // 2) : x + side + FAR // 2] = False
    assert_same(before * away, cellseg.segment_array(model(), dusty) * away)


@few
@example(65535, 1, 1)  # narrow white margins, in which no whole square lies
@given(st.sampled_from([0, 65535]), st.integers(1, 200), st.integers(1, 200))
def test_margins(value, top, left):
    image, before = plain()
    framed = np.pad(image, ((top, 40), (left, 40)), constant_values=value)
    after = cellseg.segment_array(model(), framed)[top:, left:][:SIDE, :SIDE]
    inner = slice(16, -16)  # cells at the image's edge are mirrored there in one of the two
    assert_same(before[inner, inner], after[inner, inner])


@few
@given(st.integers(0, 60), st.integers(0, 60))
def test_crops(top, left):
    image, before = plain()
    after = cellseg.segment_array(model(), image[top:, left:])
    assert_same(before[top + 16 :, left + 16 :], after[16:, 16:])


@few
@given(st.sampled_from([0.01, 1.0, 3.7, 250.0]), st.integers(-1000, 10_000))
def test_other_units(gain, offset):
    image, before = plain()
    assert_same(before, cellseg.segment_array(model(), image.astype(np.float32) * np.float32(gain) + offset))


@pytest.mark.parametrize("side", [100, 700])
def test_noise_alone_has_no_cell(side):
    noise = np.random.default_rng(0).normal(1000, 20, (side, side)).astype(np.uint16)
    assert not cellseg.segment_array(model(), noise).any()


@pytest.mark.parametrize("value", [0, 65535])
@pytest.mark.parametrize(("side", "width"), [(300, 70), (150, 10), (150, 300)])
def test_noise_within_a_margin_has_no_cell(value, side, width):
    noise = np.random.default_rng(0).normal(1000, 20, (side, side)).astype(np.uint16)
    assert not cellseg.segment_array(model(), np.pad(noise, width, constant_values=value)).any()


@pytest.mark.parametrize("width", [0, 40, 150])
def test_one_cell_in_noise_is_found_whatever_the_margin(width):
    image = np.random.default_rng(0).normal(1000, 20, (300, 300))
    y, x = np.ogrid[:300, :300]
    image[(y - 140) ** 2 + (x - 160) ** 2 < 14**2] += 600
    framed = np.pad(image.astype(np.uint16), width)
    assert cellseg.segment_array(model(), framed).max() == 1

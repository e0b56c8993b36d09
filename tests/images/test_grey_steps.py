"""Steps of grey values: those of whole arrays, whatever the type of number and the pieces that are read."""

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images import normalise
from cellseg.images.grey_steps import (
    Above,
    Cast,
    Clipped,
    ClippedRange,
    Linear,
    Ranged,
    Sigmoid,
    Standardised,
    measure_steps,
    read_steps,
    steps_text,
)
from cellseg.images.order import ranked
from cellseg.images.source import array_source


def pixels(dtype="uint16", channels=2):
    rng = np.random.default_rng(0)
    values = rng.gamma(2, 150, (channels, 41, 57)) * np.array([1, 3])[:channels, None, None]
    return (values - 100 if np.dtype(dtype).kind == "f" else values).clip(None, 60000).astype(dtype)


def percentile(values, q, axes, method="linear"):
    return np.percentile(values, q, axes, keepdims=True, method=method)


EACH, ALL = (1, 2), (0, 1, 2)
CASES = {
    "standard": (Standardised(joint=False), lambda v: (v - v.mean(EACH, keepdims=True)) / v.std(EACH, keepdims=True)),
    "standard of all": (Standardised(joint=True), lambda v: (v - v.mean()) / v.std()),
    "range": (
        Ranged(1, 99.8, joint=False),
        lambda v: (v - percentile(v, 1, EACH)) / (percentile(v, 99.8, EACH) - percentile(v, 1, EACH)),
    ),
    "range of all": (Ranged(0, 100, joint=True), lambda v: (v - v.min()) / (v.max() - v.min())),
    "clip": (Clipped((0,), (200,)), lambda v: v.clip(0, 200)),
    "clip by percentiles": (
        ClippedRange(2, 98, joint=False),
        lambda v: v.clip(*(percentile(v, q, EACH, "inverted_cdf") for q in (2, 98))),
    ),
    "clip above": (
        ClippedRange(None, 98, joint=True, least=50),
        lambda v: v.clip(50, percentile(v, 98, ALL, "inverted_cdf")),
    ),
    "linear": (
        Linear((2, 3), (1, -1)),
        lambda v: v * np.array([2, 3])[:, None, None] + np.array([1, -1])[:, None, None],
    ),
    "above": (Above((300, 600)), lambda v: v > np.array([300, 600])[:, None, None]),
    "cast": (Cast("uint8"), lambda v: v.astype("uint8")),
    "sigmoid": (Sigmoid(), lambda v: 1 / (1 + np.exp(-v))),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_steps_of_pieces_are_those_of_the_whole(name, dtype, monkeypatch):
    monkeypatch.setattr(normalise, "PIECE_PIXELS", 300)
    step, wanted = CASES[name]
    values = pixels(dtype).clip(0, 250) if name == "cast" else pixels(dtype)
    greys = measure_steps([step], array_source(values, axes="CYX"), 0)
    found = np.stack([greys.of(one, channel) for channel, one in enumerate(values)])
    assert found.dtype == np.float32
    assert np.allclose(found, wanted(values.astype(np.float64)), rtol=1e-5, atol=1e-5)


def test_a_step_measures_what_those_before_it_leave():
    values = pixels()
    steps = [Clipped((0,), (300,)), Cast("float32"), Standardised(joint=False)]
    greys = measure_steps(steps, array_source(values, axes="CYX"), 0)
    found = greys.of(values[0], 0)
    clipped = values[0].clip(0, 300)
    assert np.allclose(found, (clipped - clipped.mean()) / clipped.std(), atol=1e-5)
    assert read_steps(steps_text(steps)) == tuple(steps)


def test_what_is_not_finite_is_refused_and_a_plane_of_one_value_is_known():
    broken = pixels("float32")
    broken[0, 3, 4] = np.nan
    with pytest.raises(InputError, match="not numbers"):
        measure_steps([Clipped((0,), (1,))], array_source(broken, axes="CYX"), 0)
    assert measure_steps([], array_source(np.full((20, 20), 7, np.uint8)), 0).constant


@pytest.mark.parametrize("text", ["[1]", "[{}]", '[{"step": "Wish"}]', '[{"step": "Linear", "wish": 1}]', "["])
def test_what_is_no_step_is_refused(text):
    with pytest.raises(InputError, match="no steps"):
        read_steps(text)


def test_values_by_rank_are_those_of_a_sorted_array():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(0, 1e3, 500), np.zeros(40), -np.zeros(3), [-1e-30, 3e38]]).astype(np.float32)
    ranks = [0, 1, 250, 270, len(values) - 1]
    found = ranked(lambda: np.array_split(values, 7), ranks)
    assert np.array_equal(np.array(found, np.float32), np.sort(values)[ranks])

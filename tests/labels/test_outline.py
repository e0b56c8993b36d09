"""Outlines and their filling: one is the inverse of the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellseg.labels.formats.outline import ellipse, fill, trace


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_what_was_traced_fills_the_same_pixels(mask):
    paths = trace(mask)
    np.testing.assert_array_equal(fill(paths, mask.shape), mask)
    for path in paths:
        steps = np.roll(path, -1, axis=0) - path
        assert ((steps == 0).sum(axis=1) == 1).all()  # straight, and no point too many
        assert (steps[:, 0] != 0).tolist() != [True] * len(path)


def test_a_ring_is_two_paths_in_opposite_directions():
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    outer, hole = trace(ring)
    assert outer.tolist() == [[0, 0], [3, 0], [3, 3], [0, 3]]
    assert sorted(hole.tolist()) == [[1, 1], [1, 2], [2, 1], [2, 2]]
    areas = [np.sum(p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1)) / 2 for p in (outer, hole)]
    assert areas == [9, -1]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ([(0, 0), (4, 0), (0, 4)], ["***.", "**..", "*...", "...."]),
        ([(0.6, 0.6), (3.4, 0.6), (3.4, 3.4), (0.6, 3.4)], ["....", ".**.", ".**.", "...."]),
        ([(-5, 1), (9, 1), (9, 2), (-5, 2)], ["....", "****", "....", "...."]),
    ],
)
def test_pixels_whose_centres_lie_inside(path, wanted):
    inside = fill([np.array(path)], (4, 4))
    assert ["".join(".*"[int(v)] for v in row) for row in inside] == wanted


def test_an_ellipse():
    inside = ellipse(0, 0, 5, 3, (3, 5))
    assert ["".join(".*"[int(v)] for v in row) for row in inside] == [".***.", "*****", ".***."]

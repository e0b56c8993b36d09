"""Boundaries, and the distances between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.metrics import boundary_f1, hausdorff95
from cellseg.metrics.boundary import BoundaryHits, boundary_hits, boundary_mask
from cellseg.metrics.nearest import directed_percentiles
from tests.metrics.drawing import draw


def test_hits_add_up_and_make_an_f1():
    assert BoundaryHits(1, 2, 3, 4) + BoundaryHits(10, 20, 30, 50) == BoundaryHits(11, 22, 33, 54)
    assert BoundaryHits(1, 2, 3, 4).f1 == pytest.approx(0.6)  # of 1/2 and 3/4
    assert [BoundaryHits(*hits).f1 for hits in ((0, 0, 0, 0), (0, 3, 0, 0), (0, 0, 0, 3), (0, 2, 0, 2))] == [1, 0, 0, 0]


def test_a_boundary_is_inside_of_its_object_and_not_at_the_frame():
    labels = draw("aaa.. aaab. aaab. .....")
    assert boundary_mask(labels).astype(int).tolist() == [[0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [1, 1, 1, 1, 0], [0] * 5]
    framed = boundary_mask(labels, frame=True).astype(int).tolist()
    assert framed == [[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [1, 1, 1, 1, 0], [0] * 5]
    assert boundary_mask(labels[:2], frame=True).sum() == 7


def test_hits_are_counted_from_both_sides():
    prediction, truth = draw("a.....a ......a"), draw(".a..... .......")
    assert boundary_hits(prediction, truth, tolerance=1) == BoundaryHits(1, 3, 1, 1)
    assert boundary_hits(prediction, truth, tolerance=0.9) == BoundaryHits(0, 3, 0, 1)


@pytest.mark.parametrize("step", [(0, 1), (1, 1), (2, 0), (1, 2), (1, 1, 1), (0, 2, 2), (2, 0, 1)])
def test_near_is_as_far_as_the_crow_flies(step):
    truth = np.zeros((7,) * len(step), int)
    truth[(3,) * len(step)] = 1
    moved = np.roll(truth, step, range(len(step)))
    distance = np.hypot.reduce(np.array(step, float))
    assert boundary_f1(moved, truth, tolerance=distance + 0.01) == boundary_f1(truth, moved, distance + 0.01) == 1
    assert boundary_f1(moved, truth, tolerance=distance - 0.01) == boundary_f1(truth, moved, distance - 0.01) == 0


def test_two_pixels_are_near_unless_said_otherwise():
    line = draw("a.......")
    assert [boundary_f1(np.roll(line, k), line) for k in (2, 3)] == [1, 0]


def test_objects_end_at_the_frame_for_the_hausdorff_distance():
    assert hausdorff95(draw("aaaa.... aaaa...."), draw("aaaaaa.. aaaaaa..")) == pytest.approx(2)


def test_the_hausdorff_distance_is_the_mean_over_matches():
    truth = draw("aaaaaaaa..bbbbbbbb..cccc....")
    found = draw("aaaaaaa...bbbbb............d")
    one, other = (directed([7], [6]), directed([5, 6, 7], [4]))
    assert hausdorff95(found, truth) == pytest.approx((one + other) / 2)
    assert hausdorff95(found, truth, threshold=0.8) == pytest.approx(one)


def directed(far, edge):
    """95th percentile of the distances of 8 pixels in a row, of which `far` lie beyond `edge`."""
    return np.percentile([0] * (8 - len(far)) + [place - edge[0] for place in far], 95)


@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.sampled_from([0.0, 50.0, 95.0, 100.0]))
@settings(deadline=None, max_examples=40)
def test_distances_are_those_to_the_nearest_of_all_points(seed, dimensions, percent):
    rng = np.random.default_rng(seed)
    sets = [[rng.integers(0, 9, (rng.integers(1, 8), dimensions)) for _ in range(3)] for _ in range(2)]
    sets = [[points[np.argsort(points[:, 0], kind="stable")] for points in side] for side in sets]
    bounds = [np.cumsum([0, *map(len, side)]) for side in sets]
    pairs = rng.integers(0, 3, (4, 2))
    found = directed_percentiles(np.concatenate(sets[0]), bounds[0], np.concatenate(sets[1]), bounds[1], pairs, percent)
    for value, (a, b) in zip(found, pairs, strict=True):
        apart = np.linalg.norm(sets[0][a][:, None] - sets[1][b], axis=2).min(1)
        assert value == pytest.approx(np.percentile(apart, percent))

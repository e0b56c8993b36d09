"""The sparse overlap table and the matching on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from cellseg.errors import InputError
from cellseg.metrics import overlaps
from cellseg.metrics.matching import match
from cellseg.metrics.overlap import object_index
from cellseg.metrics.regions import regions
from tests.metrics.drawing import draw, label_pairs

TRUTH = draw("aab aab ..b")
PREDICTION = draw("cca ..a dda")


def test_table_of_a_drawing():
    pairs = overlaps(PREDICTION, TRUTH)
    assert pairs.truth_ids.tolist() == [1, 2]
    assert pairs.prediction_ids.tolist() == [1, 3, 4]
    assert pairs.truth_areas.tolist() == [4, 3]
    assert pairs.prediction_areas.tolist() == [3, 2, 2]
    rows = zip(pairs.truth_index, pairs.prediction_index, pairs.areas, pairs.iou, strict=True)
    assert [tuple(row) for row in rows] == [(0, 1, 2, 0.5), (1, 0, 3, 1.0)]


@given(label_pairs(highest=6))
@settings(deadline=None, max_examples=50)
def test_table_counts_every_pixel(pair):
    prediction, truth = pair
    pairs = overlaps(prediction, truth)
    for i, true in enumerate(pairs.truth_ids):
        assert pairs.truth_areas[i] == np.sum(truth == true)
    dense = np.zeros((pairs.truth_ids.size, pairs.prediction_ids.size), dtype=int)
    dense[pairs.truth_index, pairs.prediction_index] = pairs.areas
    for i, true in enumerate(pairs.truth_ids):
        for j, predicted in enumerate(pairs.prediction_ids):
            assert dense[i, j] == np.sum((truth == true) & (prediction == predicted))


def test_large_labels_and_many_objects_need_no_dense_table():
    rng = np.random.default_rng(0)
    truth = rng.permutation(10**6).reshape(1000, 1000).astype(np.uint32)
    assert overlaps(truth + np.uint32(2**31), truth).areas.sum() == 10**6 - 1


@given(label_pairs(side=7, highest=5), st.sampled_from([0.05, 0.2, 1 / 3, 0.5]))
@settings(deadline=None, max_examples=50)
def test_matching_is_the_best_assignment(pair, threshold):
    pairs = overlaps(*pair)
    matched = match(pairs, threshold)
    assert np.unique(pairs.truth_index[matched]).size == np.unique(pairs.prediction_index[matched]).size == matched.size
    dense = np.zeros((pairs.truth_ids.size, pairs.prediction_ids.size))
    good = pairs.iou >= threshold
    dense[pairs.truth_index[good], pairs.prediction_index[good]] = 1000 + pairs.iou[good]
    best = dense[linear_sum_assignment(dense, maximize=True)].sum()
    assert (1000 + pairs.iou[matched]).sum() == pytest.approx(best)


@pytest.mark.parametrize("threshold", [0.0, 1.5, -1])
def test_impossible_threshold(threshold):
    with pytest.raises(InputError, match="IoU threshold"):
        match(overlaps(TRUTH, TRUTH), threshold)


@given(label_pairs(highest=6))
@settings(deadline=None, max_examples=30)
def test_regions_are_where_the_objects_are(pair):
    labels = pair[0]
    ids = overlaps(labels, labels).truth_ids
    found = regions(labels, ids)
    for i, number in enumerate(ids):
        where = np.argwhere(labels == number)
        assert found.areas[i] == len(where)
        assert found.centroids[i] == pytest.approx(where.mean(0))
        assert found.starts[i].tolist() == where.min(0).tolist()
        assert found.stops[i].tolist() == (where.max(0) + 1).tolist()


@pytest.mark.parametrize("times", [1, 1000, 2**40])
def test_labels_are_numbered_in_rising_order_however_sparse(times):
    ids, index = object_index(np.array([0, 5, 5, 2, 0, 9]) * times)
    assert ids.tolist() == [2 * times, 5 * times, 9 * times]
    assert index.tolist() == [-1, 1, 1, 0, -1, 2]
    ids, index = object_index(np.array([3, 1, 3]) * times)
    assert (ids.tolist(), index.tolist()) == ([times, 3 * times], [1, 0, 1])


def test_regions_of_a_volume():
    labels = np.zeros((3, 4, 5), int)
    labels[0:2, 1:4, 2:4], labels[2, 3, 0] = 7, 4
    found = regions(labels, np.array([4, 7]))
    assert found.areas.tolist() == [1, 12]
    assert found.centroids.tolist() == [[2, 3, 0], [0.5, 2, 2.5]]
    assert found.starts.tolist() == [[2, 3, 0], [0, 1, 2]]
    assert found.stops.tolist() == [[3, 4, 1], [2, 4, 4]]


def test_more_matches_are_better_than_better_ones():
    """a and b could both have d, b at a higher IoU; then a would have none."""
    pairs = overlaps(draw("..dddddee."), draw("aaabbbbbb."))
    assert pairs.iou.tolist() == pytest.approx([1 / 7, 4 / 7, 2 / 6])
    assert match(pairs, 0.1).tolist() == [0, 2]
    assert match(pairs, 0.2).tolist() == [1]
    assert match(pairs, 0.57).tolist() == [1]
    assert match(pairs, 0.58).tolist() == []
    assert match(overlaps(TRUTH, TRUTH), 1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("truth", "matched"), [("abbbb.cffff", [1, 3]), ("aaaab.ccccf", [0, 2]), ("abbbb.ccccf", [1, 2])]
)
def test_of_two_rivals_for_one_object_the_better_one_is_matched(truth, matched):
    assert match(overlaps(draw("ddddd.eeeee"), draw(truth)), 0.1).tolist() == matched

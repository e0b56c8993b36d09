"""The threshold at which a metric is best."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.metrics import best_threshold, boundary_f1, iou, pixel_error
from cellseg.metrics.thresholds import CHALLENGE_THRESHOLDS, middle_of_best

CASES = {
    "the best": ([0.1, 0.2, 0.3], [1, 3, 2], 0.2),
    "the middle of the best": ([0.1, 0.2, 0.3, 0.4], [5, 5, 5, 1], 0.2),
    "of their range, not of their number": ([0.1, 0.2, 0.3, 0.8], [5, 5, 5, 5], 0.3),
    "the lower one of two": ([0.25, 0.75], [1, 1], 0.25),
    "with a gap": ([0.1, 0.2, 0.3, 0.9], [7, 6, 7, 7], 0.3),
    "without those that have none": ([0.1, 0.2, 0.3, 0.4], [1, 1, math.nan, 1], 0.2),
    "equal but for rounding": ([0.1, 0.2, 0.3], [1, 1 - 1e-13, 1 - 1e-13], 0.2),
    "errors below 0": ([0.1, 0.2, 0.3], [-3, -1, -2], 0.2),
}


@pytest.mark.parametrize(("thresholds", "scores", "wanted"), CASES.values(), ids=CASES.keys())
def test_of_several_the_one_in_the_middle(thresholds, scores, wanted):
    assert middle_of_best(thresholds, scores) == wanted


def test_scores_that_are_nearly_equal_count_as_equal_if_wanted():
    assert middle_of_best([0.1, 0.2, 0.3, 0.9], [1, 0.95, 0.92, 0.5], tie=0.1) == 0.2
    assert middle_of_best([0.1, 0.2, 0.3, 0.9], [1, 0.95, 0.92, 0.5]) == 0.1


def test_a_pixel_is_foreground_above_the_threshold():
    truth = np.array([[1, 0, 0]])
    found = best_threshold(np.array([[0.5, 0.25, 0.0]]), truth, iou, (0.5, 0.25, 0.0))
    assert found.values == {0.5: 0, 0.25: 1, 0.0: 0.5}
    assert (found.threshold, found.value) == (0.25, 1)
    bytes_ = np.array([[255, 51, 0]], np.uint8)  # 1, 0.2, 0
    assert best_threshold(bytes_, truth, iou, (0.19, 0.21)).values == {0.19: 0.5, 0.21: 1}


def test_errors_are_best_when_small_and_scores_when_large():
    probability, truth = np.array([[0.9, 0.6, 0.3, 0.1]]), np.array([[1, 1, 0, 0]])
    for metric in (pixel_error, iou, functools.partial(boundary_f1, tolerance=0)):
        assert best_threshold(probability, truth, metric, (0.0, 0.4, 0.95)).threshold == 0.4
    assert best_threshold(probability, truth, iou, (0.0, 0.4), smaller_is_better=True).threshold == 0.0
    assert best_threshold(probability, truth, lambda p, t: 0, (0.0,), smaller_is_better=False).value == 0
    with pytest.raises(InputError, match="not one of cellseg's"):
        best_threshold(probability, truth, functools.partial(lambda p, t: 0))


def test_the_challenges_thresholds():
    assert CHALLENGE_THRESHOLDS == (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)

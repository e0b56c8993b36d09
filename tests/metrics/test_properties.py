"""What holds for every metric."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg import metrics
from cellseg.metrics import det, f1, rand_scores, seg
from tests.metrics.drawing import label_images, label_pairs

ERRORS = ("pixel_error", "rand_error", "warping_error", "hausdorff95", "count_error")
SCORES = (
    "v_rand",
    "v_info",
    "iou",
    "dice",
    "seg",
    "det",
    "average_precision",
    "f1",
    "panoptic_quality",
    "aggregated_jaccard",
    "boundary_f1",
)
EVERY = [getattr(metrics, name) for name in ERRORS + SCORES]


@pytest.mark.parametrize("name", ERRORS + SCORES)
@given(labels=label_images(side=10, highest=6))
@settings(deadline=None, max_examples=20)
def test_identity_is_perfect(name, labels):
    assert getattr(metrics, name)(labels, labels) == pytest.approx(0.0 if name in ERRORS else 1.0, abs=1e-12)


@pytest.mark.parametrize("metric", EVERY)
@given(pair=label_pairs(), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=20)
def test_names_of_labels_do_not_matter(metric, pair, seed):
    """Nor gaps between them; 2 and more, so that an image of one object does not become a mask."""
    renamed = np.append(0, 2 + np.random.default_rng(seed).permutation(20))
    prediction, truth = (np.where(image > 0, image + 1, 0) for image in pair)
    assert metric(renamed[prediction], renamed[truth]) == pytest.approx(metric(prediction, truth))


@pytest.mark.parametrize("metric", EVERY)
@given(pair=label_pairs())
@settings(deadline=None, max_examples=20)
def test_transposition_changes_nothing(metric, pair):
    prediction, truth = pair
    assert metric(prediction.T, truth.T) == pytest.approx(metric(prediction, truth))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
@settings(deadline=None, max_examples=30)
def test_splits_and_merges_move_precision_and_recall(height, left, right):
    apart = np.zeros((height, left + right + 8), dtype=int)
    apart[:, :left], apart[:, left : left + right], apart[:, -3:] = 1, 2, 3
    joined = np.where(apart == 2, 1, apart)
    merge, split = rand_scores(joined, apart), rand_scores(apart, joined)
    assert merge.precision < 1 == merge.recall
    assert split.recall < 1 == split.precision
    assert merge.precision == pytest.approx(split.recall)
    assert det(joined, apart) < 1 > det(apart, joined)
    assert seg(joined, apart) < 1 > seg(apart, joined)
    assert f1(joined, apart, 0.9) < 1 > f1(apart, joined, 0.9)

"""V_rand, V_info, Rand error and pixel error."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings

from cellseg.metrics import (
    best_threshold,
    dice,
    information_scores,
    pixel_error,
    rand_error,
    rand_scores,
    v_info,
    v_rand,
)
from cellseg.metrics.information import v_scores
from cellseg.metrics.rand import JoinedPairs
from cellseg.metrics.thinning import thin_borders
from tests.metrics.drawing import draw, label_pairs

TWO = draw("aaaa.bbbb aaaa.bbbb aaaa.bbbb")
ONE = draw("aaaaaaaaa aaaaaaaaa aaaaaaaaa")
FOUR = draw("aa.a.bb.b aa.a.bb.b aa.a.bb.b")


def pair_counts(prediction: np.ndarray, truth: np.ndarray, same_pixel: bool) -> tuple[int, int, int]:
    """Pairs of foreground pixels joined in both, in the prediction, in the truth; counted one by one."""
    pixels = [(p, t, i) for i, (p, t) in enumerate(zip(prediction.flat, truth.flat, strict=True)) if t]
    both = in_prediction = in_truth = 0
    for (p, t, i), (q, u, j) in itertools.product(pixels, repeat=2):
        if i == j and not same_pixel:
            continue
        joined = i == j or (p == q != 0)
        in_prediction += joined
        in_truth += t == u
        both += joined and t == u
    return both, in_prediction, in_truth


@given(label_pairs(side=6, highest=3))
@settings(deadline=None, max_examples=30)
def test_rand_by_counting_pairs(pair):
    prediction, truth = pair
    prediction, truth = prediction + (prediction > 0), truth + (truth > 0)  # 2 and more: never a mask of 0 and 1
    prediction[0, 0], truth[0, 0] = 9, 9
    both, in_prediction, in_truth = pair_counts(prediction, truth, same_pixel=True)
    if np.unique(prediction).size > 2 and np.unique(truth).size > 2:
        scores = rand_scores(prediction, truth)
        assert scores.precision == pytest.approx(both / in_prediction)
        assert scores.recall == pytest.approx(both / in_truth)
        assert scores.f == pytest.approx(2 * both / (in_prediction + in_truth))
        both, in_prediction, in_truth = pair_counts(prediction, truth, same_pixel=False)
        pairs = in_prediction + in_truth
        assert rand_error(prediction, truth) == pytest.approx(1 - 2 * both / pairs if pairs else 0)


def test_merge_costs_precision_and_split_costs_recall():
    merged, split = rand_scores(ONE, TWO), rand_scores(FOUR, TWO)
    assert merged.recall == 1
    assert merged.precision == pytest.approx(0.5)
    assert split.precision == 1
    assert split.recall < 0.7
    assert information_scores(ONE, TWO).split == 1
    assert information_scores(ONE, TWO).merge == 0
    assert information_scores(FOUR, TWO).merge == pytest.approx(1)
    assert information_scores(FOUR, TWO).split < 1
    assert rand_error(ONE, TWO) > 0 < rand_error(FOUR, TWO)


def test_mask_counts_as_its_components():
    mask = TWO > 0
    for same in (mask, mask * np.uint8(255), TWO):
        assert v_rand(same, TWO) == v_info(same, mask) == 1
        assert rand_error(same, TWO) == 0


def test_thinning_leaves_one_pixel_lines():
    wide = draw("aa....bb aa....bb aa....bb")
    thin = thin_borders(wide)
    assert ((thin == 0).sum(axis=1) <= 2).all()
    assert (thin[:, :3] == 1).all()
    assert (thin[:, -3:] == 2).all()
    assert thin_borders(np.zeros_like(wide)).max() == 0


def test_thinning_forgives_wide_borders_only():
    truth = draw("aaaaa.bbbbb aaaaa.bbbbb aaaaa.bbbbb")
    wide = draw("aaa.....bbb aaa.....bbb aaa.....bbb")
    assert v_rand(wide, truth) < 0.8
    assert v_rand(wide, truth, thin=True) == v_info(wide, truth, thin=True) == 1
    assert v_rand(np.ones_like(truth), truth, thin=True) == pytest.approx(2 / 3)


def test_stack_is_the_mean_of_its_sections_or_a_volume():
    truth, prediction = np.stack([TWO, TWO]), np.stack([TWO, ONE])
    sections = [rand_scores(TWO, TWO), rand_scores(ONE, TWO)]
    assert rand_scores(prediction, truth).precision == np.mean([section.precision for section in sections])
    assert v_rand(prediction, truth) == np.mean([section.f for section in sections])
    assert v_info(prediction, truth) == pytest.approx(0.5)
    swapped = np.stack([TWO, np.where(TWO > 0, 3 - TWO, 0)])
    assert v_rand(swapped, truth) == v_info(swapped, truth) == 1
    assert v_rand(swapped, truth, volume=True) == pytest.approx(0.5)
    assert v_info(swapped, truth, volume=True) == pytest.approx(0)
    assert rand_error(swapped, truth) == 0 < rand_error(swapped, truth, volume=True)
    assert v_rand(truth > 0, truth, volume=True) == 1


def test_rand_error_of_a_stack_pools_the_pairs():
    truth, prediction = np.stack([TWO, TWO]), np.stack([TWO, ONE])
    mean = np.mean([rand_error(TWO, TWO), rand_error(ONE, TWO)])
    counts = np.add(pair_counts(TWO, TWO, False), pair_counts(ONE, TWO, False))
    assert rand_error(prediction, truth) == pytest.approx(1 - 2 * counts[0] / (counts[1] + counts[2]))
    assert rand_error(prediction, truth) != pytest.approx(mean)


def test_nothing_predicted_puts_every_pixel_apart():
    scores = rand_scores(np.zeros_like(TWO), TWO)
    assert scores.precision == 1
    assert scores.recall == pytest.approx(1 / 12)


def test_pixel_error_counts_pixels():
    assert pixel_error(draw("ab. ..."), draw("b.. ..a")) == pytest.approx(2 / 6)


def test_best_threshold_keeps_the_middle_of_the_best():
    truth = TWO > 0
    probability = np.where(truth, 0.85, 0.35)  # 0.4 to 0.8 are as good
    assert best_threshold(probability, truth, pixel_error).threshold == 0.6
    found = best_threshold(probability, truth, v_rand, thresholds=(0.1, 0.5, 0.6, 0.7))
    assert (found.threshold, found.value) == (0.6, 1.0)
    assert [*found.values] == [0.1, 0.5, 0.6, 0.7]
    assert best_threshold((probability * 255).astype(np.uint8), truth, dice).threshold == 0.6


def test_best_threshold_serves_the_whole_stack():
    truth = np.stack([TWO, TWO]) > 0
    probability = np.where(truth, 0.9, 0.2)
    probability[1] -= 0.15
    assert best_threshold(probability, truth, rand_error).value == 0


def test_best_threshold_asks_about_metrics_it_does_not_know():
    def wrong(prediction, truth):
        return float(np.mean(prediction != truth))

    with pytest.raises(ValueError, match="smaller_is_better"):
        best_threshold(np.ones((2, 2)), np.ones((2, 2), dtype=int), wrong)
    assert best_threshold(np.ones((2, 2)), np.ones((2, 2)), wrong, (0.5, 1), smaller_is_better=True).threshold == 0.5
    with pytest.raises(ValueError, match="no threshold"):
        best_threshold(np.ones((2, 2)), np.ones((2, 2)), wrong, (), smaller_is_better=True)


def test_information_of_a_split_by_hand():
    """Of 24 pixels two segments have 9 each, and 6 are alone; the truth's halves are known from it."""
    truth = math.log(2)
    prediction = 2 * 9 / 24 * math.log(24 / 9) + 6 / 24 * math.log(24)
    scores = information_scores(FOUR, TWO)
    assert scores.split == pytest.approx(truth / prediction)
    assert scores.merge == pytest.approx(1)
    assert scores.f == pytest.approx(2 * truth / (truth + prediction))


def test_information_of_a_wrong_cut_by_hand():
    """Cells of 2 and 6 pixels; the cut is two pixels too far to the right: 2, 2 and 4 pixels are shared."""
    truth, prediction = draw("aabbbbbb c......."), draw("aaaabbbb c.......")

    def entropy(*counts):
        return sum(n / 9 * math.log(9 / n) for n in counts)

    mutual = entropy(2, 6, 1) + entropy(4, 4, 1) - entropy(2, 2, 4, 1)
    scores = information_scores(prediction, truth)
    assert scores.split == pytest.approx(mutual / entropy(4, 4, 1))
    assert scores.merge == pytest.approx(mutual / entropy(2, 6, 1))
    assert scores.f == pytest.approx(2 * mutual / (entropy(4, 4, 1) + entropy(2, 6, 1)))


def test_rand_of_a_wrong_cut_by_hand():
    scores = rand_scores(draw("aaaabbbb c......."), draw("aabbbbbb c......."))
    assert scores.precision == pytest.approx((4 + 4 + 16 + 1) / (16 + 16 + 1))
    assert scores.recall == pytest.approx((4 + 4 + 16 + 1) / (4 + 36 + 1))
    assert scores.f == pytest.approx(2 * 25 / (33 + 41))


@pytest.mark.parametrize("prediction", [ONE, FOUR, TWO * 0, np.where(TWO == 1, 0, TWO)])
def test_both_scores_at_once_are_those_of_each(prediction):
    stacks = np.stack([prediction, TWO]), np.stack([TWO, TWO])
    assert v_scores(prediction, TWO) == (v_rand(prediction, TWO), v_info(prediction, TWO))
    assert v_scores(*stacks) == (v_rand(*stacks), v_info(*stacks))


@pytest.mark.parametrize("of", [v_rand, v_info])
def test_nothing_in_the_truth(of):
    assert of(TWO * 0, TWO * 0) == 1
    assert of(TWO, TWO * 0) == 0
    assert 0 <= of(TWO * 0, TWO) < 0.6


def test_pairs_of_images_add_up():
    one, other = JoinedPairs(1, 2, 3, 4), JoinedPairs(10, 20, 31, 40)
    assert one + other == JoinedPairs(11, 22, 34, 44)
    assert (one + other).error == pytest.approx(1 - 22 / 56)
    assert [JoinedPairs(invented=k).error for k in (0, 1, 2)] == [0, 1, 1]
    stack = np.stack([TWO, TWO * 0])
    assert rand_error(np.stack([TWO, TWO]), stack) == 0, "what is invented in a section has no pair to weigh against"
    assert rand_error(TWO, TWO * 0) == rand_error(np.stack([TWO, ONE]), stack * 0) == 1

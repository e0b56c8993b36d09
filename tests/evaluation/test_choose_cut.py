"""The chooser of the cut: the same for trainings and `cellseg tune`."""

from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pytest

from cellseg import metrics
from cellseg.evaluation import cut_scores
from cellseg.evaluation.choose_cut import choose_cut, search_cut
from cellseg.evaluation.cut_scores import PredictedPlane, found_in
from cellseg.inference.cut import instances_in
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.information import v_scores
from cellseg.metrics.tally import tally_cells
from cellseg.models.card import CUT as FIELDS
from cellseg.models.card import ModelCard
from cellseg.steps import finished

APART = np.zeros((20, 24), np.int32)
APART[2:18, 2:10], APART[2:18, 14:22] = 1, 2
CARD = ModelCard(name="unet", options={})
SURELY_NOT = np.stack([np.ones(APART.shape), np.zeros(APART.shape)]).astype(np.float32)
TOUCHING = APART.copy()
TOUCHING[2:18, 10:12], TOUCHING[2:18, 12:14] = 1, 2
LARGE = np.full((40, 40), 1, np.int32)  # one cell fills nearly all, as a large neurite does
LARGE[:, 32], LARGE[:, 33:] = 0, 2
LARGE[20, 33:], LARGE[21:, 33:] = 0, 3
CUT = (LARGE > 0) & (np.arange(40)[:, None] != 12)  # the large cell in two pieces, the others right


def plane_of(instances):
    return LabelPlane(instances, (instances > 0).astype(np.uint8), np.zeros(instances.shape, bool))


@pytest.mark.parametrize(("instances", "grow"), [(APART, 0), (TOUCHING, 2)], ids=["apart", "touching"])
def test_instances_are_grown_only_where_annotated_cells_touch(instances, grow):
    seen = np.stack([1.0 - (APART > 0), APART > 0]).astype(np.float32) * 0.2 + 0.3
    card = choose_cut(CARD, [PredictedPlane(plane_of(instances), seen)])
    assert 0.3 < card.threshold <= 0.5
    assert (card.grow, card.minimum_size) == (grow, 0)


def ringed(tight, wide):
    """Planes of a cell with a ring of probability 0.65; in so many the truth is without the ring, in others with it."""
    planes = []
    for reach in [8] * tight + [10] * wide:
        truth, cell = np.zeros((32, 32), np.int32), np.full((32, 32), 0.05, np.float32)
        cell[6:26, 6:26], cell[8:24, 8:24] = 0.65, 0.95
        truth[16 - reach : 16 + reach, 16 - reach : 16 + reach] = 1
        planes.append(PredictedPlane(plane_of(truth), np.stack([1 - cell, cell])))
    return planes


@pytest.mark.parametrize(
    ("tight", "wide", "strict"),
    [(8, 0, True), (5, 4, False), (4, 5, False), (0, 8, False), (3, 2, True)],
    ids=["all strict", "most strict", "most mild", "all mild", "few planes"],
)
def test_of_thresholds_as_good_as_the_spread_between_planes_tells_the_middle_is_taken(tight, wide, strict):
    """Where hardly more planes want a strict one than a mild one, the strict one is best by chance."""
    card = choose_cut(CARD, ringed(tight, wide))
    assert (card.threshold > 0.65) == strict, card


@pytest.mark.parametrize("planes", [ringed(5, 4), [PredictedPlane(plane_of(np.zeros_like(APART)), SURELY_NOT)] * 7])
def test_the_score_of_a_cut_is_the_mean_ap_of_the_metrics(planes):
    """Of all cells together, also where there is none; and a cut is as good as itself."""
    scores, card = cut_scores.CutScores(planes, dense=False), replace(CARD, threshold=0.7)
    found = [found_in(one.probabilities, one.truth, card) for one in planes]
    pairs = zip(found, (one.truth.instances for one in planes), strict=True)
    tallies = [tally_cells(cells, truth, cut_scores.AP_AT, outlines=False) for cells, truth in pairs]
    assert finished(scores.of(card)) == pytest.approx(reduce(add, tallies).mean_average_precision)
    assert scores.as_good(card, card)


@pytest.mark.parametrize(("inside", "outside"), [(0.31, 0.005), (0.42, 0.005), (0.96, 0.66), (0.95, 0.05)])
def test_the_threshold_is_not_at_the_edge_of_those_that_are_right(inside, outside):
    cell = np.where(APART > 0, inside, outside).astype(np.float32)
    card = choose_cut(CARD, [PredictedPlane(plane_of(APART), np.stack([1 - cell, cell]))] * 8)
    assert outside + 0.05 < card.threshold < inside - 0.05


def test_cores_are_taken_where_no_single_threshold_tells_cells_apart_and_keeps_them_whole():
    truth = np.zeros((40, 60), np.int32)
    truth[10:22, 10:22], truth[10:22, 22:34] = 1, 2
    cell = np.where(truth > 0, 0.55, 0.1).astype(np.float32)
    cell[13:19, 13:19] = cell[13:19, 25:31] = 0.95
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), np.stack([1 - cell, cell]))])
    assert card.threshold < 0.55 < card.core
    np.testing.assert_array_equal(instances_in(np.stack([1 - cell, cell]), card) > 0, truth > 0)


def test_where_cells_fill_the_image_a_low_threshold_keeps_the_pixels_and_cores_tell_cells_apart():
    truth = np.full((40, 60), 1, np.int32)
    truth[:, 30:], truth[:, 29:31] = 2, 0
    cell = np.where(truth > 0, 0.9, 0.02).astype(np.float32)
    cell[:, 24:29] = cell[:, 31:36] = 0.12  # the weights of the border thicken it
    cell[10:14, 29:31] = 0.2  # a weak membrane
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), np.stack([1 - cell, cell]))])
    assert card.threshold <= 0.12 < 0.2 < card.core
    found = instances_in(np.stack([1 - cell, cell]), card)
    assert found.max() == 2
    assert np.mean((found > 0) != (truth > 0)) < 0.01


def test_cells_that_touch_do_not_take_the_background_beside_them():
    truth = np.full((40, 60), 1, np.int32)
    truth[:, 20:40], truth[:, 40:] = 2, 3
    truth[:, 50:], truth[15:25, 28:34] = 0, 0
    separated = (truth > 0) & (np.roll(truth, 1, 1) == truth) & (np.roll(truth, -1, 1) == truth)
    cell = np.where(separated, 0.8, 0.02).astype(np.float32)
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), np.stack([1 - cell, cell]))])
    found = instances_in(np.stack([1 - cell, cell]), card)
    assert card.threshold > 0.02
    assert found.max() == 3
    assert not found[17:23, 30:32].any()


def test_round_cells_that_touch_are_cut_apart_where_no_threshold_does_it():
    y, x = np.mgrid[:60, :60]
    truth = np.zeros((60, 60), np.int32)
    for number, (v, u) in enumerate([(15, 15), (15, 31), (42, 20), (42, 46)], 1):
        truth[((y - v) ** 2 + (x - u) ** 2 <= 81) & (truth == 0)] = number
    cell = np.where(truth > 0, 0.9, 0.1).astype(np.float32)
    cell[13:15, 13:15] = 0.1  # a hole that is none
    probabilities = np.stack([1 - cell, cell])
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), probabilities)])
    assert card.split > 0
    assert card.fill_holes >= 4
    assert instances_in(probabilities, card).max() == 4


def test_the_threshold_does_not_merge_everything():
    probability = np.where(CUT, 0.6, 0.3)
    seen = np.stack([1 - probability, probability]).astype(np.float32)
    card = choose_cut(CARD, [PredictedPlane(plane_of(LARGE), seen)])
    assert 0.3 < card.threshold <= 0.6


def test_specks_are_removed_by_their_size_and_not_by_cores():
    truth = np.pad(APART, 20)  # cells do not fill the image
    cell = np.where(truth > 0, 0.9, 0.05).astype(np.float32)
    cell[truth > 0] = np.where(np.indices(truth.shape)[0][truth > 0] < 26, 0.7, 0.9)  # high cuts thin them
    cell[5, 11:13] = cell[10, 11:13] = cell[50, 20:23] = 0.75
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), np.stack([1 - cell, cell]))])
    assert card.core == 0
    assert card.minimum_size > 3
    np.testing.assert_array_equal(instances_in(np.stack([1 - cell, cell]), card) > 0, truth > 0)


def test_what_the_network_half_believes_in_is_left_out_by_its_probability():
    truth = np.pad(APART, 20)
    cell = np.where(truth > 0, 0.95, 0.05).astype(np.float32)
    edge = np.indices(truth.shape)[1] % 8 == 0
    cell[(truth > 0) & edge] = 0.6  # a higher threshold would cut pieces off the cells
    cell[2:16, 2:12] = 0.7  # as large as a cell
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), np.stack([1 - cell, cell]))])
    assert card.threshold <= 0.6
    assert 0.7 < card.minimum_probability < 0.95
    np.testing.assert_array_equal(instances_in(np.stack([1 - cell, cell]), card) > 0, truth > 0)


def test_each_cut_is_tried_once_and_the_search_tells_how_far_it_is(monkeypatch):
    tried = []

    def found(probabilities, truth, card):
        tried.append(tuple(getattr(card, name) for name in FIELDS))
        return found_in(probabilities, truth, card)

    monkeypatch.setattr(cut_scores, "found_in", found)
    seen = np.stack([1.0 - (APART > 0), APART > 0]).astype(np.float32)
    for truth in (TOUCHING, np.pad(APART, 20)):
        tried.clear()
        values = np.resize(seen, (2, *truth.shape))
        told = list(search_cut(CARD, [PredictedPlane(plane_of(truth), values)]))
        assert len(tried) == len(set(tried)) == len(told) == told[-1].done
        assert all(one.done <= one.total == told[0].total for one in told)


def test_a_search_that_is_stopped_tries_no_more():
    steps = search_cut(CARD, [PredictedPlane(plane_of(APART), np.zeros((2, *APART.shape), np.float32))] * 2)
    assert [next(steps).done, next(steps).done] == [1, 2]
    steps.close()


def test_both_scores_of_segments_come_from_one_table():
    rng = np.random.default_rng(0)
    for truth, found in ((TOUCHING, APART), (LARGE, rng.integers(0, 9, LARGE.shape)), (APART, APART > 0)):
        assert v_scores(found, truth) == (metrics.v_rand(found, truth), metrics.v_info(found, truth))


def test_one_object_is_cut_by_what_lies_beside_it():
    """V_rand and V_info would take the dust that lies beside the cell for nothing."""
    truth = np.zeros((60, 60), np.int32)
    truth[2:58, 2:50] = 1
    cell = np.where(truth > 0, 0.9, 0.05).astype(np.float32)
    cell[(np.indices(truth.shape) % 2 == 0).all(axis=0) & (np.arange(60) > 50)] = 0.6
    card = choose_cut(CARD, [PredictedPlane(plane_of(truth), np.stack([1 - cell, cell]))])
    assert instances_in(np.stack([1 - cell, cell]), card).max() == 1


def test_of_several_classes_the_smallest_cell_is_known():
    """Else `cellseg predict` leaves specks that the window leaves out."""
    classes = np.zeros((40, 60), np.uint8)
    classes[2:18, 2:18], classes[2:18, 30:44] = 1, 2
    classes[np.arange(20, 40), np.arange(40)[-20:]] = 2  # a thin stroke
    truth = LabelPlane(APART, classes, np.zeros(classes.shape, bool))
    seen = np.stack([classes == kind for kind in range(3)]).astype(np.float32)
    card = replace(CARD, class_names=("background", "neuron", "glia"))
    assert choose_cut(card, [PredictedPlane(truth, seen)]) == replace(card, minimum_size=10)
    nothing = LabelPlane(APART, np.zeros_like(classes), np.zeros(classes.shape, bool))
    assert choose_cut(card, [PredictedPlane(nothing, seen)]) == card

"""Metrics of single cells on drawings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.metrics import (
    aggregated_jaccard,
    annotated_only,
    average_precision,
    boundary_f1,
    count_error,
    det,
    dice,
    f1,
    hausdorff95,
    inside_field,
    iou,
    panoptic_quality,
    seg,
    tally_classes,
)
from tests.metrics.drawing import draw

TRUTH = draw("""
    aaaa.bbbb
    aaaa.bbbb
    .........
    cccc.....
""")
MISSED = np.where(TRUTH == 3, 0, TRUTH)
INVENTED = TRUTH + draw("""
    .........
    .........
    .........
    ......dd.
""")
MERGED = draw("""
    aaaaaaaaa
    aaaaaaaaa
    .........
    cccc.....
""")
SPLIT = draw("""
    aadd.bbbb
    aadd.bbbb
    .........
    cccc.....
""")


def test_average_precision_and_f1_count_objects():
    assert average_precision(MISSED, TRUTH) == pytest.approx(2 / 3)
    assert average_precision(INVENTED, TRUTH) == pytest.approx(3 / 4)
    assert f1(MISSED, TRUTH) == pytest.approx(4 / 5)
    assert f1(INVENTED, TRUTH) == pytest.approx(6 / 7)
    assert average_precision(MERGED, TRUTH) == pytest.approx(1 / 4)
    assert average_precision(SPLIT, TRUTH, 0.5) == pytest.approx(3 / 4)  # one half of a counts, at IoU 0.5
    assert average_precision(SPLIT, TRUTH, 0.55) == pytest.approx(2 / 5)


def test_seg_is_the_mean_over_truth_objects():
    assert seg(MISSED, TRUTH) == pytest.approx(2 / 3)
    assert seg(INVENTED, TRUTH) == 1
    assert seg(SPLIT, TRUTH) == pytest.approx(2 / 3)  # half of a is not more than half
    assert seg(MERGED, TRUTH) == pytest.approx((8 / 18 + 8 / 18 + 1) / 3)


def test_det_weighs_splits_misses_and_inventions():
    assert det(MISSED, TRUTH) == pytest.approx(1 - 10 / 30)
    assert det(INVENTED, TRUTH) == pytest.approx(1 - 1 / 30)
    assert det(MERGED, TRUTH) == pytest.approx(1 - 5 / 30)
    assert det(SPLIT, TRUTH) == pytest.approx(1 - 12 / 30)
    many = np.arange(1, 41).reshape(4, 10)
    assert det(many, np.eye(4, 10, dtype=int)) == 0  # worse than adding all by hand


def test_panoptic_quality_needs_more_than_half():
    assert panoptic_quality(SPLIT, TRUTH) == pytest.approx(2 / (2 + (1 + 2) / 2))
    assert panoptic_quality(MISSED, TRUTH) == pytest.approx(2 / 2.5)


def test_aggregated_jaccard_adds_what_nobody_took():
    assert aggregated_jaccard(INVENTED, TRUTH) == pytest.approx(20 / 22)
    assert aggregated_jaccard(MISSED, TRUTH) == pytest.approx(16 / 20)
    assert aggregated_jaccard(MERGED, TRUTH) == pytest.approx((8 + 8 + 4) / (18 + 18 + 4))


def test_count_error_is_relative():
    assert count_error(MISSED, TRUTH) == count_error(INVENTED, TRUTH) == pytest.approx(1 / 3)
    assert count_error(np.zeros_like(TRUTH), TRUTH) == 1
    assert count_error(TRUTH, np.zeros_like(TRUTH)) == 1


def test_iou_and_dice_of_foreground_and_classes():
    assert iou(MISSED, TRUTH) == pytest.approx(16 / 20)
    assert dice(MISSED, TRUTH) == pytest.approx(32 / 36)
    assert iou(MISSED, TRUTH, of=3) == dice(MISSED, TRUTH, of=3) == 0
    assert iou(MISSED, TRUTH, of=7) == 1
    assert tally_classes(MISSED, TRUTH).iou == {1: 1, 2: 1, 3: 0}
    pooled = tally_classes(MISSED, TRUTH) + tally_classes(INVENTED, TRUTH)
    assert pooled.iou == {1: 1, 2: 1, 3: 0.5, 4: 0}
    assert pooled.dice[3] == pytest.approx(2 / 3)


def test_boundary_within_tolerance():
    truth, shifted = np.zeros((2, 20, 20), dtype=int)
    truth[2:8, 2:8] = 1
    shifted[2:8, 3:9] = 1
    assert boundary_f1(shifted, truth, tolerance=1) == 1
    assert 0 < boundary_f1(shifted, truth, tolerance=0) < 1
    assert boundary_f1(np.roll(truth, 8, axis=0), truth, tolerance=1) == 0


def test_negative_tolerance():
    with pytest.raises(InputError, match="tolerance is -1"):
        boundary_f1(TRUTH, TRUTH, tolerance=-1)


def test_boundary_between_touching_objects_counts():
    touching = draw("aaabbb aaabbb aaabbb")
    assert boundary_f1(touching, touching) == 1
    assert boundary_f1(touching, np.ones_like(touching)) == 0


def test_hausdorff_of_a_shift_is_its_length():
    truth = np.zeros((40, 40), dtype=int)
    truth[5:25, 5:25] = 1
    assert hausdorff95(np.roll(truth, 3, axis=0), truth) == 3
    assert hausdorff95(truth, truth) == 0
    assert hausdorff95(np.roll(truth, 15, axis=0), truth) == math.inf


def test_hausdorff_agrees_with_all_distances():
    rng = np.random.default_rng(0)
    truth = (np.hypot(*np.mgrid[-9:10, -9:10]) < 8).astype(int)
    prediction = np.where(rng.random(truth.shape) < 0.1, 1 - truth, truth)
    edges = []
    for labels in (prediction, truth):
        inside = np.pad(labels, 1)
        around = np.minimum.reduce([np.roll(inside, step, axis) for step in (-1, 1) for axis in (0, 1)])
        edges.append(np.argwhere((inside == 1) & (around == 0)))
    apart = np.linalg.norm(edges[0][:, None] - edges[1], axis=2)
    wanted = max(np.percentile(apart.min(axis), 95) for axis in (0, 1))
    assert hausdorff95(prediction, truth) == pytest.approx(wanted)


def test_volumes():
    truth = np.zeros((4, 6, 6), dtype=int)
    truth[1:3, 1:4, 1:4] = 5
    prediction = np.roll(truth, 1, axis=0)
    assert seg(prediction, truth) == average_precision(prediction, truth) == 0
    assert iou(prediction, truth) == pytest.approx(1 / 3)
    assert hausdorff95(prediction, truth, threshold=0.3) == 1
    assert boundary_f1(prediction, truth, tolerance=1) == 1


def test_border_strip_and_partly_annotated_frames():
    assert np.unique(inside_field(TRUTH, 1)).tolist() == [0, 1, 2]
    assert inside_field(TRUTH, 0) is TRUTH
    only_b = np.where(TRUTH == 2, TRUTH, 0)
    assert np.unique(annotated_only(INVENTED, only_b)).tolist() == [0, 2]


def test_a_cell_beside_an_annotated_one_that_overlaps_it_a_little_does_not_count():
    truth, found = draw("aaaaa......."), draw("aaaabbbb.ccc")
    assert np.unique(annotated_only(found, truth)).tolist() == [0, 1]
    everything = draw("aaaaaaaaaaaa")
    assert annotated_only(everything, truth).all()
    assert annotated_only(draw("aa.........."), truth).any()


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ("...bbb......", [0, 2]),
        ("...bbbb.....", [0]),
        ("..bbbbbbbbbb", [0, 2]),
        ("...bbbbbbbbb", [0]),
        ("aaa.bbbbbbbb", [0, 1]),
    ],
)
def test_a_cell_belongs_to_an_annotated_one_by_more_than_half_of_either(found, kept):
    assert np.unique(annotated_only(draw(found), draw("aaaaa......."))).tolist() == kept


def test_half_of_an_annotated_cell_is_not_more_than_half():
    assert not annotated_only(draw("..bbbb"), draw("aaaa..")).any()


def test_only_cells_that_reach_into_the_field_count():
    labels = draw("aa...bb aa...bb ..ccc.. ddd.... ddd....")
    assert np.unique(inside_field(labels, 1)).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(inside_field(labels, 2)).tolist() == [0, 3]
    volume = np.stack([labels, labels * 0, np.where(labels == 1, 9, 0)])
    assert np.unique(inside_field(volume, 1)).tolist() == [0, 1, 2, 3, 4, 9]


def test_detection_costs_by_hand():
    """Four cells: one merged with another, one missed, one found; two invented."""
    truth, found = draw("aaa.bbb.ccc.ddd......"), draw("aaaaaaa.....ddd.e.f..")
    assert det(found, truth) == pytest.approx(1 - (5 + 10 + 2) / 40)
    assert det(draw("aaaaaaaaaaaa........."), truth) == pytest.approx(1 - (2 * 5 + 10) / 40)


def test_pixels_of_classes_add_up_also_of_those_that_only_one_image_has():
    one, other = tally_classes(draw("aab"), draw("abb")), tally_classes(draw("cca"), draw("c.a"))
    assert (one + other).counts == {1: (2, 3, 2), 2: (1, 1, 2), 3: (1, 2, 1)}
    assert list((other + one).counts) == [1, 2, 3]

"""Metrics by name, of one image and pooled over many."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg import metrics
from cellseg.errors import InputError
from cellseg.metrics.scores import GROUPS, ComparedPair, base_name, parse_names, pool, score, smaller_is_better
from tests.metrics.drawing import PREDICTION, TRUTH, draw

MISTAKES = ComparedPair(PREDICTION, TRUTH)
"""One of five cells is found; of six predicted ones five are none. 14 of 80 pixels differ."""
HALF = ComparedPair(draw("a..."), draw("aa.b"))
"""One of two cells is found, at an IoU of 0.5. 2 of 4 pixels differ."""


def test_each_name_has_its_number():
    wanted = {
        "pixel_error": 14 / 80,
        "iou": 36 / 50,
        "dice": 72 / 86,
        "f1": 2 / 11,
        "precision": 1 / 6,
        "recall": 1 / 5,
        "average_precision": 1 / 10,
        "f1@0.3": 6 / 11,
        "mean_average_precision": 1 / 10,
        "count_error": 1 / 5,
        "seg": (1 + 8 / 18 + 8 / 18) / 5,
        "panoptic_quality": 1 / (1 + 9 / 2),
    }
    found = score(MISTAKES, tuple(wanted)).values
    assert found == pytest.approx(wanted)
    assert list(found) == list(wanted)


def test_numbers_are_those_of_the_single_metrics():
    names = ("rand_error", "warping_error", "v_rand", "v_info", "det", "aggregated_jaccard", "boundary_f1")
    assert score(MISTAKES, names).values == pytest.approx(
        {name: getattr(metrics, name)(PREDICTION, TRUTH) for name in names}
    )
    thin = score(MISTAKES, ("v_rand_thin", "v_info_thin")).values
    assert [*thin.values()] == [of(PREDICTION, TRUTH, thin=True) for of in (metrics.v_rand, metrics.v_info)]


def test_pooled_every_pixel_and_every_cell_weighs_the_same():
    names = ("pixel_error", "recall", "f1", "average_precision", "iou", "count_error", "mean_average_precision")
    pooled = pool([score(MISTAKES, names), score(HALF, names)], names)
    wanted = (16 / 84, 2 / 7, 4 / 14, 2 / 12, 37 / 53, 2 / 7, (2 / 12 + 9 / 13) / 10)
    assert pooled == pytest.approx(dict(zip(names, wanted, strict=True)))
    assert pool([], names) == {}


def test_pooled_errors_of_em_are_over_all_pairs_and_pixels_and_means_of_sections_have_none():
    names = ("rand_error", "warping_error", "v_rand", "v_info_thin")
    small = ComparedPair(draw("aaa aaa"), draw("a.b a.b"))
    pooled = pool([score(MISTAKES, names), score(small, names)], names)
    each = [metrics.warping_error(one.prediction, one.truth) * one.truth.size for one in (MISTAKES, small)]
    assert list(pooled) == ["rand_error", "warping_error"]
    assert pooled["warping_error"] == pytest.approx(sum(each) / 86)
    beside = [np.zeros((5, 20), int), np.zeros((5, 20), int)]
    for image, left, right in zip(beside, (PREDICTION, TRUTH), (small.prediction, small.truth), strict=True):
        image[:, :16], image[:2, 17:] = left, np.where(right, right + 9, 0)
    assert pooled["rand_error"] == pytest.approx(metrics.rand_error(*beside))


def test_what_is_not_asked_for_is_not_counted():
    assert score(MISTAKES, ("pixel_error",)).counts.cells == {}
    (tally,) = score(MISTAKES, ("f1", "f1@0.75")).counts.cells.values()
    assert (sorted(tally.detections), tally.outlines) == ([0.5, 0.75], None)


CLASSES = ComparedPair(
    draw("aa.bb.cc"),
    draw("aa.bb.cc"),
    prediction_classes=draw("aa.bb.bb"),
    truth_classes=draw("aa.bb.aa"),
)
"""The third cell has the wrong class: class 1 has one of two cells, class 2 all of one and an invented one."""


def test_with_classes_a_metric_is_their_mean_and_each():
    found = score(CLASSES, ("f1", "recall", "pixel_error")).values
    wanted = {"f1": 2 / 3, "f1[1]": 2 / 3, "f1[2]": 2 / 3, "recall": 0.75, "recall[1]": 0.5, "recall[2]": 1}
    assert found == pytest.approx(wanted | {"pixel_error": 0})
    assert list(found) == ["f1", "f1[1]", "f1[2]", "recall", "recall[1]", "recall[2]", "pixel_error"]


def test_classes_of_several_images_are_pooled_class_by_class():
    other = ComparedPair(*[draw("a.b")] * 2, prediction_classes=draw("b.c"), truth_classes=draw("b.c"))
    pooled = pool([score(CLASSES, ("recall",)), score(other, ("recall",))], ("recall",))
    assert pooled == pytest.approx({"recall": 5 / 6, "recall[1]": 0.5, "recall[2]": 1, "recall[3]": 1})
    one_side = ComparedPair(CLASSES.prediction, CLASSES.truth, prediction_classes=CLASSES.prediction_classes)
    assert score(one_side, ("recall",)).values == {"recall": 1}


def test_detection_is_held_against_the_markers():
    markers = draw("a..b....c")
    missed, twice = draw("aa.bb...."), draw("aaaaa...c")
    assert score(ComparedPair(missed, None, markers=markers), ("det", "f1")).values == pytest.approx({"det": 20 / 30})
    elsewhere = ComparedPair(missed, missed, markers=markers, marked_prediction=twice)
    assert score(elsewhere, ("det", "f1")).values == pytest.approx({"det": 25 / 30, "f1": 1})
    scores = [score(ComparedPair(found, None, markers=markers), ("det",)) for found in (missed, twice, markers)]
    assert pool(scores, ("det",)) == pytest.approx({"det": 1 - 15 / 90})
    assert pool([score(HALF, ("f1",)), scores[1]], ("det",)) == pytest.approx({"det": 25 / 30})
    assert pool([scores[1], score(HALF, ("f1",))], ("det",)) == pytest.approx({"det": 25 / 30})
    assert score(ComparedPair(missed, missed, markers=markers), ("f1",)).counts.markers is None


def test_a_stack_is_taken_as_one_volume_if_wanted():
    two = draw("aa.bb aa.bb")
    swapped = ComparedPair(np.stack([two, np.where(two, 3 - two, 0)]), np.stack([two, two]))
    names = ("v_rand", "rand_error")
    assert score(swapped, names).values == {"v_rand": 1, "rand_error": 0}
    volume = score(swapped, names, volume=True).values
    assert volume["v_rand"] == pytest.approx(0.5)
    assert volume["rand_error"] > 0.4


def test_names_are_taken_apart():
    assert parse_names("em") == GROUPS["em"]
    assert parse_names(" f1@0.75, iou,f1@1,, f1@0.75") == ("f1@0.75", "iou", "f1@1")
    assert parse_names("iou,cells")[:3] == ("iou", "dice", "seg")
    assert [base_name(name) for name in ("f1", "f1@0.75", "f1[2]", "f1@0.75[2]")] == ["f1"] * 4
    assert [smaller_is_better(name) for name in ("hausdorff95[2]", "rand_error", "f1@0.5", "v_rand")] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f7,iou,f8", "there is no metric f7, f8. Known are: em, cells, pixel_error"),
        (" , ", "no metric was named"),
        ("iou@0.5", "there is no metric iou@0.5"),
        ("f1@0", "f1@0: the IoU threshold is 0. It must be above 0"),
        ("iou,f1@1.01", "the IoU threshold is 1.01"),
        ("f1@half", "the IoU threshold is half"),
    ],
)
def test_names_that_there_are_not(text, said):
    with pytest.raises(InputError) as error:
        parse_names(text)
    assert said in str(error.value)

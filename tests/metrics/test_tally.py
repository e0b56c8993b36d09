"""All cell metrics at once, and pooled."""

from __future__ import annotations

import functools
import operator

import numpy as np
import pytest
from hypothesis import given, settings

from cellseg import metrics
from cellseg.errors import InputError
from cellseg.metrics import tally_cells
from tests.metrics.drawing import draw, label_pairs

SINGLE = (
    "seg",
    "det",
    "panoptic_quality",
    "aggregated_jaccard",
    "boundary_f1",
    "hausdorff95",
    "count_error",
    "iou",
    "dice",
)


@given(label_pairs())
@settings(deadline=None, max_examples=50)
def test_tally_agrees_with_the_single_metrics(pair):
    tally = tally_cells(*pair)
    for name in SINGLE:
        assert getattr(tally, name) == pytest.approx(getattr(metrics, name)(*pair)), name
    assert tally.average_precision[0.75] == metrics.average_precision(*pair, 0.75)
    assert tally.f1[0.5] == metrics.f1(*pair)
    assert tally.mean_average_precision == pytest.approx(np.mean(list(tally.average_precision.values())))


def test_pooled_images_equal_one_image_beside_the_other():
    images = [(draw("aa.b aa.b"), draw("aa.b aa.."), 0), (draw("ab.. ab.."), draw("aa.. aab."), 10)]
    pooled = functools.reduce(operator.add, (tally_cells(p, t) for p, t, _ in images))
    gap = np.zeros((2, 8), dtype=int)
    beside = [
        np.hstack([images[0][side], gap, np.where(images[1][side] > 0, images[1][side] + 10, 0)]) for side in (0, 1)
    ]
    together = tally_cells(*beside)
    for name in (*SINGLE, "average_precision", "f1", "mean_average_precision"):
        if name not in ("count_error", "boundary_f1"):
            assert getattr(pooled, name) == pytest.approx(getattr(together, name)), name


def test_counts_do_not_cancel_between_images():
    more, fewer = draw("a.b"), draw("a.a")
    pooled = tally_cells(more, fewer) + tally_cells(fewer, more)
    assert pooled.count_error == pytest.approx(2 / 3)


def test_tallies_with_other_thresholds_do_not_add_up():
    image = draw("a.b")
    with pytest.raises(InputError, match="different IoU thresholds"):
        tally_cells(image, image) + tally_cells(image, image, thresholds=(0.5,))


def test_outlines_are_pooled_over_boundary_pixels_and_matches():
    """Of three outlines one is as it should be, two have one of 4 pixels off by 1."""
    first = tally_cells(draw("a....."), draw("a....b"), tolerance=1)
    second = tally_cells(draw("aaa... bbb..."), draw("aaaa.. bbbb.."), tolerance=0)
    assert first.boundary_f1 == pytest.approx(2 / 3)
    assert (first.hausdorff95, second.hausdorff95) == (0, pytest.approx(0.85))
    pooled = first + second
    assert pooled.outlines.matches == 3
    assert pooled.hausdorff95 == pytest.approx(2 * 0.85 / 3)
    hits = [one.outlines.boundary for one in (first, second, pooled)]
    assert hits[0] + hits[1] == hits[2]
    nothing = tally_cells(draw("..."), draw("..."))
    assert (nothing.hausdorff95, (nothing + first).hausdorff95) == (0, 0)
    assert tally_cells(draw("a.."), draw("..a")).hausdorff95 == np.inf


def test_without_outlines_their_metrics_have_no_number():
    image = draw("a.b")
    without = tally_cells(image, image, outlines=False)
    for tally in (without, without + tally_cells(image, image), tally_cells(image, image) + without):
        assert np.isnan(tally.boundary_f1)
        assert np.isnan(tally.hausdorff95)
        assert tally.f1[0.5] == tally.dice == 1


def test_the_tolerance_is_that_of_boundaries():
    pair = draw("a..."), draw(".a..")
    assert [tally_cells(*pair, tolerance=t).boundary_f1 for t in (0.9, 1)] == [0, 1]


def test_pooled_an_empty_truth_is_right_only_where_nothing_is_predicted():
    nothing, cell = draw("..."), draw("a..")
    assert [tally_cells(p, nothing).seg for p in (nothing, cell)] == [1, 0]
    assert [tally_cells(p, nothing).det for p in (nothing, cell)] == [1, 0]
    assert [tally_cells(p, nothing).count_error for p in (nothing, cell)] == [0, 1]
    assert (tally_cells(cell, nothing) + tally_cells(cell, cell)).seg == 1
    assert (tally_cells(cell, nothing) + tally_cells(cell, cell)).det == pytest.approx(0.9)

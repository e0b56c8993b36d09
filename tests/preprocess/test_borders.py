"""The weight map against double loops over pixels and cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.preprocess.borders import border_term, class_weights, weight_map
from cellseg.preprocess.nearest_two import sums_of_two
from cellseg.preprocess.separate import separate
from tests.preprocess.drawing import draw, label_images, voronoi_cells


def brute_term(labels, w0=10.0, sigma=5.0, spacing=(1.0, 1.0), everywhere=False):
    """Every background pixel, or every pixel, against every pixel of every cell."""
    term = np.zeros(labels.shape)
    cells = [np.argwhere(labels == n) * spacing for n in np.unique(labels) if n]
    for y, x in np.argwhere((labels == 0) | everywhere):
        nearest = sorted(np.hypot(*(cell - (spacing[0] * y, spacing[1] * x)).T).min() for cell in cells)
        if len(nearest) > 1:
            term[y, x] = w0 * math.exp(-((nearest[0] + nearest[1]) ** 2) / (2 * sigma**2))
    return term


SPACINGS = [(1.0, 1.0), (2.0, 1.0), (0.3, 0.7)]


@settings(deadline=None, max_examples=80)
@given(label_images(), st.sampled_from(SPACINGS), st.sampled_from([0.7, 5.0, 40.0]), st.booleans())
def test_border_term_is_exact(labels, spacing, sigma, everywhere):
    labels = separate(labels)
    exact = brute_term(labels, 10.0, sigma, spacing, everywhere)
    np.testing.assert_allclose(border_term(labels, 10.0, sigma, spacing, everywhere), exact, atol=3e-6)


@pytest.mark.parametrize(("count", "radius"), [(3, 12.0), (40, 4.0), (8, 3.0), (60, 9.0)])
def test_border_term_of_larger_images(count, radius):
    labels = separate(voronoi_cells((50, 64), count, radius, count))
    np.testing.assert_allclose(border_term(labels), brute_term(labels), atol=3e-6)


def test_sums_of_distances_are_of_the_background_unless_wanted_everywhere():
    cells, inf = draw("aa..bb.."), math.inf
    assert sums_of_two(cells, 6).tolist() == [[inf, inf, 3, 3, inf, inf, 6, inf]]
    assert sums_of_two(cells, 6, everywhere=True).tolist() == [[4, 3, 3, 3, 3, 4, 6, inf]]
    assert sums_of_two(cells, 5.9).tolist() == [[inf, inf, 3, 3, inf, inf, inf, inf]]


def test_what_float32_cannot_tell_is_0():
    """At a sum of 6 the term is 10 exp(-18) = 1.5e-7, at 7 it is 2e-10."""
    near, far = border_term(draw("a.....b"), sigma=1.0), border_term(draw("a......b"), sigma=1.0)
    np.testing.assert_allclose(near[0, 1:6], 10 * math.exp(-18), rtol=1e-4)
    assert (far == 0).all()
    assert (border_term(draw("a.b"), w0=1e-8) == 0).all()
    assert border_term(draw("a.b"), w0=1e-7)[0, 1] == pytest.approx(1e-7 * math.exp(-2 / 25))


def test_weights_are_class_weight_plus_border():
    labels = draw("aa.bb aa.bb .....")
    weights = weight_map(labels)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights[labels > 0], 15 / (2 * 8), rtol=1e-6)
    np.testing.assert_allclose(weights[0, 2], 15 / (2 * 7) + 10 * math.exp(-(2**2) / 50), rtol=1e-6)


def test_borders_weigh_more_on_cells_too_if_wanted():
    labels = draw("aaa.bbb")
    term = weight_map(labels, balance=False, everywhere=True) - 1
    np.testing.assert_allclose(term[0, :4], 10 * np.exp(-(np.array([4, 3, 2, 2.0]) ** 2) / 50), rtol=1e-5)


def test_pixels_lost_to_the_border_are_background():
    labels = draw("aaabbb aaabbb aaabbb")
    weights = weight_map(labels, balance=False)
    np.testing.assert_allclose(weights[0, 2], 1 + 10 * math.exp(-(3**2) / 50), rtol=1e-6)
    assert (weights[separate(labels) > 0] == 1).all()


@settings(deadline=None, max_examples=30)
@given(label_images())
def test_balanced_classes_weigh_the_same(labels):
    weights, cells = weight_map(labels, w0=0), separate(labels) > 0
    if cells.any() and not cells.all():
        np.testing.assert_allclose(weights[cells].sum(dtype=float), weights[~cells].sum(dtype=float), rtol=1e-4)
    np.testing.assert_allclose(weights.mean(dtype=float), 1, rtol=1e-4)


@settings(deadline=None, max_examples=30)
@given(label_images(), st.integers(0, 99))
def test_ignored_pixels_weigh_nothing_and_are_no_cells(labels, seed):
    mask = np.random.default_rng(seed).random(labels.shape) < 0.3
    weights = weight_map(labels, ignore=mask)
    assert (weights[mask] == 0).all()
    without = weight_map(np.where(mask, 0, labels), ignore=mask)
    np.testing.assert_array_equal(weights, without)
    known = np.where(mask, 0, labels)
    np.testing.assert_array_equal(
        weight_map(labels, ignore=mask, balance=False)[~mask], weight_map(known, balance=False)[~mask]
    )


@pytest.mark.parametrize("value", [255, -1])
def test_ignore_as_a_label_value(value):
    labels = draw("aa.bb.cc aa.bb.cc")
    np.testing.assert_array_equal(
        weight_map(np.where(labels == 3, value, labels), ignore=value), weight_map(labels, ignore=labels == 3)
    )


def test_several_classes():
    labels = draw("aa.bb.cc aa.bb.cc ........")
    classes = np.array([0, 1, 1, 7], np.uint8)[labels]
    weights = weight_map(labels, w0=0, classes=classes)
    sums = [weights[classes == k].sum() for k in (0, 1, 7)]
    np.testing.assert_allclose(sums, 8, rtol=1e-5)
    border = weight_map(labels, classes=classes, balance=False) - 1
    np.testing.assert_allclose(border, brute_term(labels), atol=3e-6)


def test_pixels_lost_to_the_border_are_background_and_cells_of_two_classes_lose_none():
    labels = draw("aaabbbcc")
    weights = weight_map(labels, classes=np.array([0, 1, 1, 2], np.uint8)[labels], w0=0)
    np.testing.assert_allclose(
        weights, [[8 / 12] * 2 + [8 / 6] * 2 + [8 / 12] * 2 + [8 / 6] * 2], rtol=1e-6
    )  # aa..bbcc


def test_frequencies_of_the_data_set_replace_those_of_the_image():
    weights = weight_map(draw("aa.."), w0=0, balance=[900, 100])
    np.testing.assert_allclose(weights[0], [5, 5, 1000 / 1800, 1000 / 1800], rtol=1e-6)


def test_class_weights():
    np.testing.assert_allclose(class_weights([60, 0, 30, 10]), [100 / 180, 1, 100 / 90, 100 / 30])
    np.testing.assert_allclose(class_weights([0, 0]), 1)


@pytest.mark.parametrize("counts", [[[1, 2], [3, 4]], [1.0] * 257, [3, -1], [3, np.nan], 7])
def test_refuses_what_are_no_counts_of_classes(counts):
    with pytest.raises(InputError, match="256 at most"):
        class_weights(counts)
    np.testing.assert_allclose(class_weights([1.0] * 256), 1)


def test_classes_beyond_those_of_the_data_set_weigh_1():
    classes = np.array([[0, 1, 2, 255]], np.uint8)
    weights = weight_map(np.array([[0, 1, 2, 3]]), w0=0, classes=classes, balance=[30, 10])
    np.testing.assert_allclose(weights, [[40 / 60, 2, 1, 1]])


@pytest.mark.parametrize("shape", [(20, 30), (1, 1), (1, 9), (9, 1), (0, 5)])
@pytest.mark.parametrize("value", [0, 1])
def test_empty_and_full_images(shape, value):
    for balance in (True, False):
        weights = weight_map(np.full(shape, value, np.uint8), balance=balance)
        assert weights.shape == shape
        assert (weights == 1).all()
    assert (weight_map(np.full(shape, value, np.uint8), ignore=np.ones(shape, bool)) == 0).all()


def test_numbers_with_gaps_change_nothing():
    labels = voronoi_cells((40, 40), 9, 6, 0)
    expected = weight_map(labels)
    for names in (labels * np.uint32(2**28), labels.astype(np.int64) * 4209, labels.astype(np.uint8)):
        np.testing.assert_array_equal(weight_map(names), expected)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"sigma": 0}, "sigma"),
        ({"w0": -1}, "w0"),
        ({"spacing": (1.0, 0.0)}, "spacing"),
        ({"ignore": np.zeros((2, 2), bool)}, "mask"),
        ({"classes": np.zeros((2, 2), np.uint8)}, "classes"),
        ({"balance": [10, -1]}, "frequencies"),
    ],
)
def test_refuses_arguments_that_do_not_fit(arguments, found):
    with pytest.raises(InputError, match=found):
        weight_map(draw("ab.. ...."), **arguments)

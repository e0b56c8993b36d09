"""The preview of a field is what training makes of the whole plane, there."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.preview.balance import class_frequencies
from napari_cellseg.preview.plane import Plane
from napari_cellseg.preview.weights import margin, preview
from napari_cellseg.preview.window import plan_window

import cellseg
from cellseg.options import WeightOptions

FIELD = slice(130, 260), slice(90, 300)


@pytest.fixture(scope="module")
def labels():
    return cellseg.make_sample("touching", (400, 400), np.random.default_rng(1))[1]


def plane(array):
    return Plane(array, (), array.shape)


def shown(array, options, *, field=FIELD, annotation=False, most=10**7, **more):
    window = plan_window(field, array.shape, margin(options), most)
    return preview(plane(array), window, options, annotation=annotation, **more)


@pytest.mark.parametrize("w0", [1.0, 10.0])
@pytest.mark.parametrize("sigma", [1.0, 5.0, 20.0])
@pytest.mark.parametrize("where", ["background", "everywhere"])
def test_equal_to_the_map_of_the_whole_plane(labels, w0, sigma, where):
    options = WeightOptions(w0=w0, sigma=sigma, where=where, balance="none")
    whole = cellseg.weight_map(labels, w0, sigma, balance=False, everywhere=where == "everywhere")
    assert np.abs(shown(labels, options).weights - whole[FIELD]).max() <= 2e-4 * w0


def test_a_pixel_that_is_higher_than_wide_needs_fewer_rows(labels):
    options = WeightOptions(balance="none", spacing=4.0)
    whole = cellseg.weight_map(labels, balance=False, spacing=(4.0, 1.0))
    assert np.abs(shown(labels, options).weights - whole[FIELD]).max() <= 2e-3
    assert margin(options)[0] < margin(options)[1]


def test_what_nobody_annotated_weighs_nothing_and_makes_no_border(labels):
    values = np.where(labels > 0, labels + 1, 1).astype(np.uint32)
    values[:200] = 0
    made = shown(values, WeightOptions(balance="none"), annotation=True)
    wanted = cellseg.weight_map(np.where(values > 1, values, 0), balance=False, ignore=values == 0)
    assert np.abs(made.weights - wanted[FIELD]).max() <= 2e-3
    assert not made.weights[: 200 - FIELD[0].start].any()


def test_separating_borders_are_what_the_cells_lose(labels):
    made = shown(labels, WeightOptions())
    lost = (labels != 0) & (cellseg.separate(labels) == 0)
    assert lost[FIELD].any()
    np.testing.assert_array_equal(made.borders, lost[FIELD])


def test_coarser_looks_the_same(labels):
    whole = slice(0, 400), slice(0, 400)
    options = WeightOptions(balance="none", sigma=20)
    coarse, fine = (shown(labels, options, field=whole, most=most) for most in (60_000, 10**7))
    assert (coarse.window.step, coarse.weights.shape) == (2, (200, 200))
    background = (labels[::2, ::2] == 0) & (coarse.borders == 0)
    assert np.abs(coarse.weights - fine.weights[::2, ::2])[background].mean() < 0.5


def test_the_classes_are_balanced_as_over_the_whole_plane(labels):
    counts = class_frequencies([plane(labels)], annotation=False)
    kept = cellseg.separate(labels) != 0
    assert abs(counts[1] - kept.sum()) <= 0.01 * kept.sum()
    whole = cellseg.weight_map(labels)
    assert np.abs(shown(labels, WeightOptions(), frequencies=counts).weights - whole[FIELD]).max() <= 0.1


def test_few_strokes_in_a_large_plane_are_found():
    values = np.zeros((4000, 4000), np.uint32)
    values[3000:3100, 2000:2100] = 1
    values[3020:3060, 2020:2060] = 2
    background, cells = class_frequencies([plane(values)] * 2, annotation=True)
    assert (background, cells) == (2 * (10_000 - 1600), 2 * 1600)
    assert not class_frequencies([plane(np.zeros_like(values))], annotation=True).any()

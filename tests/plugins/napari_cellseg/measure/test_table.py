"""Rows of cells without any window."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari_cellseg.measure.table import (
    counts_in_bins,
    grid_of,
    in_ranges,
    number_text,
    painted,
    shades,
    summary,
    title,
    touched,
    updated,
)

from cellseg import CellGrid, measure_place
from tests.metrics.drawing import draw, label_images

ANNOTATION = draw("""
    aaaaaaaa
    abb..caa
    abb..caa
    aaa..aaa
""")
IN_PIXELS = CellGrid((1.0, 1.0), "px")
Atom = namedtuple("Atom", "slice_key mask old_values new_value")


def test_a_layer_in_nanometres_is_measured_in_micrometres():
    grid = grid_of((3, 250, 500), ("pixel", "nanometer", "nanometer"), {}, together=2)
    assert grid == CellGrid((0.25, 0.5), "um", 0, 1)
    assert grid.keys == ("plane",)


def test_lengths_are_in_pixels_where_the_scale_has_no_unit():
    assert grid_of((0.5, 0.5), ("pixel", "pixel"), {}, together=2) == IN_PIXELS
    volume = grid_of((1, 2, 0.5, 0.5), ("second", "micrometer", "micrometer", "pixel"), {}, together=3)
    assert volume == CellGrid((1, 1, 1), "px", 0, 1)
    assert volume.keys == ("frame",)


def test_not_annotated_and_background_are_no_cells():
    grid = grid_of((1, 1), ("micrometer",) * 2, {"cellseg": {"what": "annotation"}}, together=2)
    table = measure_place(ANNOTATION, {"grey": ANNOTATION * 10}, grid)
    assert table["cell"].tolist() == [2, 3]
    assert table["area_um2"].tolist() == [4, 2]
    assert table["mean_grey"].tolist() == [20, 30]


def test_a_part_of_a_plane_says_where_it_is():
    grid = CellGrid((0.5, 0.5), "um", 1, leading=1)
    whole = measure_place(ANNOTATION, {}, grid, (7,))
    part = measure_place(ANNOTATION[1:4, 4:], {}, grid, (7,), (1, 4), [3])
    assert part.values.tolist() == whole.values[1:].tolist()
    assert part["plane"].tolist() == [7]


@settings(deadline=None, max_examples=40)
@given(label_images(side=9, highest=5), label_images(side=5, highest=5), st.integers(0, 3), st.integers(0, 3))
def test_after_a_stroke_the_table_is_as_if_all_was_measured(labels, brush, top, left):
    """Only the touched cells are measured, in the box around what they were and what was painted."""
    from napari_cellseg.measure.table import around, boxes

    before = measure_place(labels, {"grey": labels}, IN_PIXELS)
    after = labels.copy()
    old = after[top : top + brush.shape[0], left : left + brush.shape[1]].copy()
    if not old.size:
        return
    box = (slice(top, top + old.shape[0]), slice(left, left + old.shape[1]))
    after[box] = brush[: old.shape[0], : old.shape[1]]
    y, x = np.mgrid[box]
    (stroke,) = touched([((y.ravel(), x.ravel()), old.ravel(), after[box].ravel())], 2)
    cells = sorted(stroke.cells - {0})
    known = boxes(before, np.isin(before["cell"], cells), 2)
    part = around(stroke.box, known)
    start = [axis.start for axis in part]
    fresh = measure_place(after[part], {"grey": labels[part]}, IN_PIXELS, (), start, cells)
    found = updated(before, fresh, IN_PIXELS, (), cells)
    whole = measure_place(after, {"grey": labels}, IN_PIXELS)
    np.testing.assert_allclose(found.values[np.argsort(found["cell"])], whole.values, atol=1e-9)


def test_a_stroke_through_two_planes():
    atom = Atom((slice(4, 6), slice(1, 3), slice(2, 5)), None, np.array([0, 7]), 9)
    first, second = touched([atom, atom], 2)
    assert (first.place, second.place) == ((4,), (5,))
    assert first.cells == {0, 7, 9}
    assert first.box == (slice(1, 3), slice(2, 5))


def test_ranges_hide_what_is_outside_or_unknown():
    table = measure_place(ANNOTATION, {"grey": np.where(ANNOTATION == 3, np.nan, 1.0)}, IN_PIXELS)
    assert in_ranges(table, {"area_px": (2, 4)}).tolist() == [False, True, True]
    assert in_ranges(table, {"area_px": (2, 4), "mean_grey": (0, 5)}).tolist() == [False, True, False]


def test_pixels_get_the_code_of_their_cell():
    codes = painted(ANNOTATION, np.array([3.0, 2.0]), np.array([7, 9], np.uint8))
    assert codes.dtype == np.uint8
    assert (codes == np.select([ANNOTATION == 3, ANNOTATION == 2], [7, 9])).all()


def test_shades_go_from_least_to_largest():
    values = np.array([1.0, 3.0, 2.0, np.nan, 9.0])
    assert shades(values, np.array([1, 1, 1, 1, 0], bool), 64).tolist() == [1, 64, 32, 0, 0]
    assert shades(np.full(3, 5.0), np.ones(3, bool), 64).tolist() == [1, 1, 1]


def test_the_summary_counts_what_is_in_range():
    grid = CellGrid((0.5, 0.5), "um", 1)
    table = measure_place(ANNOTATION, {}, grid)
    told = dict(summary(table, np.ones(2, bool), grid, ANNOTATION.size))
    assert told == {
        "cells": "2",
        "median area": "0.75 µm²",
        "sum of areas": "1.5 µm² (18.8 % of the field)",
        "density": "2.5e+05 cells per mm²",
    }
    assert summary(table, np.zeros(2, bool), grid, ANNOTATION.size) == [("cells", "0")]


def test_bins_of_one_value_and_of_none():
    counts, low, high = counts_in_bins(np.array([2.0, 2.0, np.nan]))
    assert (counts[0], counts.sum(), low, high) == (2, 2, 2, 2)
    assert counts_in_bins(np.zeros(0))[0].sum() == 0


@pytest.mark.parametrize(
    ("column", "words"),
    [("area_um2", "area (µm²)"), ("centroid_y_px", "centroid y (px)"), ("mean_DAPI", "mean DAPI"), ("cell", "cell")],
)
def test_headings_are_for_people(column, words):
    assert title(column) == words


def test_numbers_are_short():
    assert [number_text(value) for value in (4294967295.0, 0.123456, float("nan"))] == ["4294967295", "0.1235", ""]

"""Edits change one cell, and nothing of the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.edits import (
    cell_under,
    changes,
    fill_holes,
    fill_region,
    line_pixels,
    relabel,
    smooth,
    split,
)
from scipy import ndimage

windows = arrays.arrays(np.uint32, st.tuples(st.integers(2, 12), st.integers(2, 12)), elements=st.integers(0, 4))
points = arrays.arrays(np.float64, st.tuples(st.integers(2, 4), st.just(2)), elements=st.integers(-2, 14))


def drawn(*rows: str) -> np.ndarray:
    """Labels written as rows of digits, `.` for not annotated."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows], np.uint32)


def disc(size: int = 21, radius: float = 8.0, value: int = 2) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size // 2
    return np.where(np.hypot(y, x) <= radius, value, 0).astype(np.uint32)


def test_a_hole_is_filled_and_an_island_of_another_cell_stays():
    labels = drawn("22222", "2.112", "2.332", "22222", "....2")
    assert (fill_holes(labels, 2) == drawn("22222", "22222", "22332", "22222", "....2")).all()


def test_a_gap_at_a_corner_is_still_open():
    labels = drawn("2222", "2..2", "222.")
    assert (fill_holes(labels, 2) == labels).all()


@given(windows)
def test_filling_again_changes_nothing_and_other_cells_stay(labels):
    once = fill_holes(labels, 2)
    assert (fill_holes(once, 2) == once).all()
    assert (once[labels > 2] == labels[labels > 2]).all()
    assert (once[labels == 2] == 2).all()
    assert once.dtype == labels.dtype


def test_an_enclosed_region_is_filled():
    labels = drawn(".....", ".222.", ".2.3.", ".333.", ".....")
    assert (fill_region(labels, 2, 2, 5) == drawn(".....", ".222.", ".253.", ".333.", ".....")).all()
    assert fill_region(labels, 0, 0, 5) is None


def test_a_line_cuts_a_disc_in_two():
    labels = disc()
    line = line_pixels(np.array([[0.0, 3.0], [20.0, 15.0]]), labels.shape)
    assert cell_under(labels, line) == 2
    cut = split(labels, 2, line, 7)
    assert set(np.unique(cut)) == {0, 2, 7}
    assert ((cut > 0) == (labels > 0)).all()
    for number in (2, 7):
        assert ndimage.label(cut == number)[1] == 1
    assert (cut == 2).sum() >= (cut == 7).sum() > 60


def test_a_line_with_a_bend_cuts_in_three():
    labels = np.full((9, 30), 4, np.uint32)
    line = line_pixels(np.array([[-1.0, 5.0], [9.0, 10.0], [9.0, 20.0], [-1.0, 24.0]]), labels.shape)
    assert set(np.unique(split(labels, 4, line, 9))) == {4, 9, 10}


def test_a_line_that_ends_inside_cuts_nothing():
    labels = disc()
    assert split(labels, 2, line_pixels(np.array([[0.0, 10.0], [10.0, 10.0]]), labels.shape), 7) is None


def test_parts_that_the_line_does_not_touch_keep_their_number():
    labels = drawn("22222....2", "22222....2", "22222....2")
    cut = split(labels, 2, line_pixels(np.array([[-1.0, 2.0], [3.0, 2.0]]), labels.shape), 3)
    assert (cut[:, 9] == 2).all()
    assert {2, 3} == set(np.unique(cut[:, :5]))


@given(windows, points)
def test_the_pieces_together_are_the_cell(labels, line):
    cut = split(labels, 2, line_pixels(line, labels.shape), 10)
    if cut is not None:
        assert (((cut == 2) | (cut >= 10)) == (labels == 2)).all()
        assert (cut[labels != 2] == labels[labels != 2]).all()
        sizes = np.bincount(cut.ravel())[10:]
        assert (np.diff(sizes) <= sizes.max()).all()
        assert (sizes > 0).all()


@given(points)
def test_a_line_has_no_gap_that_a_cell_could_pass(line):
    assert ndimage.label(line_pixels(line + 5, (40, 40)), np.ones((3, 3)))[1] <= 1


@given(windows)
def test_merged_cells_are_one_and_deleted_ones_none(labels):
    assert ((relabel(labels, 3, 2) == 2) == ((labels == 2) | (labels == 3))).all()
    assert not (relabel(labels, 3, 0) == 3).any()


def test_a_bump_is_smoothed_away_and_the_disc_stays():
    labels = disc(41, 12.0)
    labels[20, 32:38] = 2
    labels[20, 8:11] = 1
    after = smooth(labels, 2, 2.0)
    assert (after[20, 34:38] == 0).all()
    assert after[20, 10] == 2
    assert abs(int((after == 2).sum()) - int((disc(41, 12.0) == 2).sum())) < 20


def test_a_common_border_stays_where_it_is():
    labels = np.zeros((40, 40), np.uint32)
    labels[5:35, 5:20], labels[5:35, 20:35] = 2, 3
    after = smooth(labels, 2, 2.0)
    assert (after[10:30, 10:30] == labels[10:30, 10:30]).all()
    assert after[5, 5] == 0


@given(windows, st.floats(0.5, 3))
def test_smoothing_leaves_other_cells_and_never_loses_the_cell(labels, radius):
    before = labels.copy()
    after = smooth(labels, 2, radius)
    assert (labels == before).all()
    assert (after[labels > 2] == labels[labels > 2]).all()
    assert (after == 2).any() == (labels == 2).any()


@given(windows, windows)
def test_changes_are_what_differs(before, after):
    height, width = (min(a, b) for a, b in zip(before.shape, after.shape, strict=True))
    before, after = before[:height, :width], after[:height, :width]
    rows, columns, values = changes(before, after, PlaneBox(100, 200, 100 + height, 200 + width))
    again = before.copy()
    again[rows - 100, columns - 200] = values
    assert (again == after).all()
    assert len(rows) == (before != after).sum()


@pytest.mark.parametrize("box", [PlaneBox(3, 4, 9, 8)])
def test_a_box_grows_as_far_as_the_plane_goes(box):
    assert box.grown(5, (10, 20)) == PlaneBox(0, 0, 10, 13)
    assert box.union(PlaneBox(0, 6, 4, 7)) == PlaneBox(0, 4, 9, 8)
    assert box.centre == (5.5, 5.5)
    assert np.zeros((10, 20))[box.slices].shape == box.shape == (6, 4)

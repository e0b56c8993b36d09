"""Cells never look like background, and neighbours in number differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.project.colours import BACKGROUND_RGBA, BLOCK, colour_number, palette
from napari_cellseg.project.palette import annotation_colormap


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_only_nothing_and_background_have_their_colours(values):
    array = np.array(values, np.uint32)
    numbers = colour_number(array)
    assert ((numbers < 2) == (array < 2)).all()
    assert (numbers[array < 2] == array[array < 2]).all()


def test_large_planes_are_looked_up_in_blocks():
    values = np.arange(BLOCK + 10, dtype=np.uint32).reshape(2, -1)
    assert (colour_number(values)[:, 5] == colour_number(values[:, 5])).all()
    assert colour_number(np.zeros((0, 3), np.uint32)).shape == (0, 3)


def test_neighbouring_numbers_have_colours_that_differ():
    colours = palette()
    assert colours.shape == (256, 4)
    assert (np.abs(np.diff(colours[2:, :3], axis=0)).max(axis=1) > 0.2).all()
    assert colours[0, 3] == 0
    assert (colours >= 0).all()
    assert (colours <= 1).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int64])
def test_napari_shows_these_colours(dtype):
    colormap = annotation_colormap()
    values = np.array([0, 1, 2, 9, 100], dtype)
    assert np.allclose(colormap.map(values), palette()[values])
    assert np.allclose(colormap.map(dtype(1)), BACKGROUND_RGBA)


def test_cell_256_is_not_shown_as_background():
    colormap = annotation_colormap()
    assert np.allclose(colormap.map(np.array([256, 511], np.uint32))[:, 3], 1)
    assert colormap._data_to_texture(np.array([0, 1, 256], np.uint32)).tolist() == [0, 1, 2]


def test_the_selected_cell_can_be_shown_alone():
    colormap = annotation_colormap()
    colormap.use_selection, colormap.selection = True, 256
    assert colormap._data_to_texture(np.array([0, 2, 256], np.uint32)).tolist() == [0, 0, 2]

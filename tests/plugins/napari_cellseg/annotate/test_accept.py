"""Predicted cells are taken by a click, a drag, and refused with Shift: without a window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from napari_cellseg.annotate.accepting import NOTHING, SEVERAL, put
from napari_cellseg.annotate.layer import AnnotatedLayer


@pytest.fixture
def found():
    """Three cells in a row, and a large one below."""
    cells = np.zeros((200, 300), np.uint16)
    for k in range(3):
        cells[20:40, 20 + 40 * k : 50 + 40 * k] = k + 1
    cells[100:180, 20:280] = 9
    return cells


@pytest.fixture
def target(found):
    old = np.zeros(found.shape, np.uint32)
    old[25:30, 25:30] = 7  # a stroke in the first cell
    old[35:45, 60:70] = 1
    old[110:120, 30:60] = old[110:120, 200:230] = 1
    old[130:140, 30:60], old[130:140, 200:230] = 3, 4
    made = AnnotatedLayer(Labels(old, metadata={"cellseg": {"what": "annotation"}}))
    for _ in made.index.build():
        pass
    return made


def test_a_click_takes_the_cell_with_the_number_of_the_stroke_in_it(found, target):
    assert put(target, 0, found, [(22, 22)], no_cell=False).words.startswith("1 cell taken")
    assert (target.layer.data[found == 1] == 7).all()
    assert put(target, 0, found, [(22, 22)], no_cell=False).words == "It is annotated already."
    assert put(target, 0, found, [(60, 60)], no_cell=False).words == NOTHING
    target.undo()
    assert np.count_nonzero(target.layer.data == 7) == 25


def test_what_is_around_a_cell_that_is_taken_becomes_background(found, target):
    """A cell alone teaches nothing of where it ends; what is annotated or another predicted cell stays."""
    found[20:40, 130:132] = 8  # touches the third one
    put(target, 0, found, [(30, 105)], no_cell=False)
    layer = target.layer.data
    assert (layer[18:20, 100:130] == 1).all()
    assert (layer[20:40, 98:100] == 1).all()
    assert not layer[:17].any()
    assert not layer[20:40, 130:132].any()
    assert (layer[25:30, 25:30] == 7).all()
    target.undo()
    assert not layer[:20].any(), "one step takes all of it back"


def test_a_drag_takes_several_and_leaves_strokes_as_they_are(found, target):
    assert put(target, 0, found, [(30, x) for x in range(10, 150)], no_cell=False).words.startswith("3 cells")
    values = [set(np.unique(target.layer.data[found == k])) for k in (1, 2, 3)]
    assert values == [{7}, {1, 8}, {9}]


def test_one_that_covers_two_is_left_out(found, target):
    before = target.layer.data.copy()
    assert put(target, 0, found, [(150, 150)], no_cell=False).words == SEVERAL
    np.testing.assert_array_equal(target.layer.data, before)


def test_shift_says_that_there_is_no_cell(found, target):
    put(target, 0, found, [(30, 105)], no_cell=True)
    assert (target.layer.data[found == 3] == 1).all()
    target.layer.brush_size = 10
    before = target.layer.data.copy()
    put(target, 0, found, [(70, 100)], no_cell=True)
    new = target.layer.data != before
    assert 60 <= np.count_nonzero(new) <= 100
    assert (target.layer.data[new] == 1).all()
    put(target, 0, found, [(300, -5)], no_cell=True)  # outside: nothing, and no error

"""The code of an annotation, to and from all that speaks another one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari_cellseg.annotation import (
    BACKGROUND,
    FIRST_CELL,
    IGNORE,
    NOT_ANNOTATED,
    background_of,
    cells_in,
    from_file,
    from_instances,
    role_in,
    shift_of,
    to_file,
    to_training,
    unknown_in,
)

MINE = {"cellseg": {"what": "annotation"}}
values = arrays(np.uint32, (3, 4), elements=st.integers(0, 6))


def test_whose_layer_it_is():
    assert role_in(MINE) == "annotation"
    assert role_in({"cellseg": {"what": "instances"}}) == "instances"
    assert [role_in(metadata) for metadata in ({}, {"cellseg": {}}, {"cellseg": "of another plugin"})] == ["", "", ""]
    assert (background_of(MINE), background_of({})) == (BACKGROUND, 0)


def test_the_code_is_what_projects_on_disk_have():
    assert (NOT_ANNOTATED, BACKGROUND, FIRST_CELL) == (0, 1, 2)
    assert to_training(np.array([[0, 1, 2, 9]], np.uint16)).tolist() == [[IGNORE, 0, 1, 8]]


def test_labels_that_are_no_annotation_stay_as_they_are():
    labels = np.array([[0, 1, 2]], np.uint8)
    assert cells_in(labels, False) is labels
    assert unknown_in(labels, False) is None
    assert cells_in(labels, True).tolist() == [[0, 0, 2]]
    assert cells_in(labels, True).dtype == np.uint8


@given(values)
def test_an_annotation_comes_back_from_a_file(annotated):
    cells, unknown = to_file(annotated, True)
    numbers = np.where(unknown, -1, cells.astype(np.int64))
    lowest = min((int(cell) for cell in cells.ravel() if cell), default=0)
    back = from_file(numbers, True, "background", np.zeros_like(annotated), shift_of(lowest, True))
    np.testing.assert_array_equal(back, annotated)


@given(values)
def test_cells_of_a_file_never_become_background(numbers):
    lowest = min((int(cell) for cell in numbers.ravel() if cell), default=0)
    made = from_file(numbers.astype(np.int64), True, "unknown", np.zeros_like(numbers), shift_of(lowest, True))
    np.testing.assert_array_equal(made >= FIRST_CELL, numbers > 0)
    assert len(np.unique(made)) == len(np.unique(numbers))


@given(values, st.integers(0, 9))
def test_predicted_cells_are_cells_beside_those_that_are_there(instances, after):
    made = from_instances(instances, after)
    np.testing.assert_array_equal(made >= FIRST_CELL, instances > 0)
    assert (made[instances == 0] == BACKGROUND).all()
    assert (made[instances > 0] > after).all()

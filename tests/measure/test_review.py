"""Cells worth a look, drawn small."""

from __future__ import annotations

import numpy as np
import pytest

import cellseg
from cellseg.measure.review import ALONE, CUT, LARGE, NECK, SMALL, UNSURE, has_neck


def discs(*places, size=(200, 200)):
    """Cells of a row, a column and a radius each."""
    y, x = np.mgrid[: size[0], : size[1]]
    labels = np.zeros(size, np.uint32)
    for number, (row, column, radius) in enumerate(places, 1):
        labels[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = number
    return labels


USUAL = [(30, 30 + 30 * k, 8) for k in range(5)]


def reasons(labels, probability=None):
    return {found.cell: found.reasons for found in cellseg.review_cells(labels, probability)}


def test_usual_cells_need_no_look():
    assert reasons(discs(*USUAL)) == {}
    assert reasons(np.zeros((20, 20), np.uint8)) == {}


def test_sizes_and_borders():
    labels = discs(*USUAL, (120, 100, 30), (60, 60, 3), (0, 100, 8))
    assert reasons(labels) == {6: (LARGE,), 7: (SMALL,), 8: (CUT,)}
    (first, *_) = cellseg.review_cells(labels)
    assert first.box == (90, 70, 151, 131)


def test_of_a_few_cells_none_is_the_usual_one():
    assert reasons(discs((50, 50, 20), (120, 120, 4))) == {}


@pytest.mark.parametrize(("apart", "joined"), [(10, False), (18, True)])
def test_two_that_a_thin_neck_joins(apart, joined):
    labels = discs((50, 50, 9), (50, 50 + apart, 9))
    labels[50, 50 : 50 + apart] = 1
    labels[labels == 2] = 1
    assert has_neck(labels == 1) == joined


def test_low_certainty_and_the_most_reasons_first():
    labels = discs(*USUAL, (0, 100, 8))
    probability = np.full(labels.shape, 0.95, np.float32)
    probability[labels == 2] = probability[labels == 6] = 0.6
    found = cellseg.review_cells(labels, probability)
    assert [(one.cell, one.reasons) for one in found] == [(6, (UNSURE, CUT)), (2, (UNSURE,))]
    assert NECK not in found[0].reasons


def test_what_meets_nothing_in_the_planes_beside_it():
    labels, moved = discs(*USUAL), discs(*USUAL[:4])
    (found,) = cellseg.review_cells(labels, neighbours=[moved, np.zeros_like(labels)])
    assert (found.cell, found.reasons) == (5, (ALONE,))
    assert cellseg.review_cells(labels, neighbours=[moved, labels]) == []
    assert cellseg.review_cells(labels, neighbours=[np.zeros_like(labels)]) == [], "nobody annotated there"

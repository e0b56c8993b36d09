"""Candidates for the cut of probabilities into cells."""

import numpy as np
import pytest

from cellseg.metrics.candidates import THRESHOLDS, areas_of, diameter_of, disc_diameter, sizes_to_try, smallest_cell
from tests.metrics.drawing import draw

IMAGES = [draw("aaaa.bb aaaa.bb"), draw("a......"), draw("bbb.ddd")]
"""Cells of 8, 4, 1, 3 and 3 pixels."""


@pytest.mark.parametrize(("areas", "wanted"), [([], 0), ([100, 120, 110, 4], 2), ([100] * 9, 25)])
def test_nothing_that_was_annotated_is_smaller_than_the_smallest_cell(areas, wanted):
    assert smallest_cell(np.array(areas, np.int64)) == wanted


def test_cells_of_all_images_count():
    assert areas_of(IMAGES).tolist() == [8, 4, 1, 3, 3]
    assert areas_of([]).tolist() == areas_of([IMAGES[0] * 0]).tolist() == []


def test_minimum_sizes_are_parts_of_the_median_cell():
    assert sizes_to_try([np.repeat([0, 1, 2, 3], [50, 64, 1000, 20])[None]]) == [0, 4, 8, 16]
    assert sizes_to_try(IMAGES) == [0, 1]
    assert sizes_to_try([]) == [0]


def test_diameters_are_those_of_discs():
    assert disc_diameter(np.pi) == pytest.approx(2)
    assert disc_diameter(np.pi * 100) == pytest.approx(20)
    assert diameter_of(IMAGES) == pytest.approx(np.sqrt(12 / np.pi))
    assert diameter_of([]) == 0


def test_thresholds_rise_from_near_0_to_near_1():
    assert list(THRESHOLDS) == sorted(set(THRESHOLDS))
    assert (THRESHOLDS[0], THRESHOLDS[-1]) == (0.01, 0.97)
    assert {0.1, 0.5, 0.95} <= set(THRESHOLDS)
    assert np.diff(THRESHOLDS).max() < 0.051

"""Candidates for the cut of probabilities into cells."""

import numpy as np
import pytest

from cellseg.metrics.candidates import smallest_cell


@pytest.mark.parametrize(("areas", "wanted"), [([], 0), ([100, 120, 110, 4], 2), ([100] * 9, 25)])
def test_nothing_that_was_annotated_is_smaller_than_the_smallest_cell(areas, wanted):
    assert smallest_cell(np.array(areas, np.int64)) == wanted

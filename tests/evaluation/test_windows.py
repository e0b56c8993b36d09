"""Windows of large planes: small planes stay whole, windows lie where somebody annotated."""

import numpy as np
import pytest

from cellseg.evaluation.windows import searched_pixels, spread, windows_of
from cellseg.labels.meaning import LabelPlane


def plane(shape, cells=(), known=None):
    """A plane with single pixels as cells; known in some rows only."""
    instances = np.zeros(shape, np.int32)
    for number, at in enumerate(cells, 1):
        instances[at] = number
    ignore = np.zeros(shape, bool)
    if known is not None:
        ignore[:] = True
        ignore[known] = False
    return LabelPlane(instances, (instances > 0).astype(np.uint8), ignore)


def places(windows):
    return [(one.rows.start, one.columns.start, *one.shape) for one in windows]


def test_a_plane_that_is_no_larger_is_looked_at_as_a_whole():
    assert places(windows_of(plane((30, 40)), 1200, 10)) == [(0, 0, 30, 40)]


@pytest.mark.parametrize(("shape", "pixels", "side"), [((100, 100), 400, 10), ((7, 500), 700, 10), ((33, 90), 250, 10)])
def test_windows_have_no_more_pixels_than_asked_and_lie_within_the_plane(shape, pixels, side):
    found = windows_of(plane(shape), pixels, side)
    assert sum(height * width for _, _, height, width in places(found)) <= pixels
    assert all(min(y, x) >= 0 and y + h <= shape[0] and x + w <= shape[1] for y, x, h, w in places(found))
    assert len(set(places(found))) == len(found) > 1


def test_windows_lie_where_cells_are():
    cells = [(5, 95), (55, 5), (95, 45)]
    found = windows_of(plane((100, 100), cells), 300, 10)
    assert places(found) == [(0, 90, 10, 10), (50, 0, 10, 10), (90, 40, 10, 10)]
    assert places(windows_of(plane((100, 100), cells), 100, 10)) == [(50, 0, 10, 10)]


def test_where_no_cell_is_windows_lie_where_somebody_annotated():
    assert places(windows_of(plane((100, 100), known=np.s_[42:48, 71:73]), 900, 10)) == [(40, 70, 10, 10)]


def test_a_window_holds_a_copy_of_the_truth():
    truth = plane((40, 40), [(12, 13)])
    (window,) = windows_of(truth, 100, 10)
    part = window.of(truth)
    assert part.instances.shape == part.classes.shape == part.ignore.shape == (10, 10)
    assert part.instances[2, 3] == 1
    assert part.instances.base is None


def test_few_planes_are_searched_on_more_pixels_each():
    assert [searched_pixels(count) for count in (1, 4, 16)] == [1 << 22, 1 << 20, 1 << 20]


def test_spread():
    assert spread(range(9), 3) == [0, 4, 8]
    assert spread(range(9), 1) == [4]
    assert spread(range(2), 3) == [0, 1]

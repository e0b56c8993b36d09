"""Values that fill areas are looked at where they are, and it changes nothing: the planes' own arrays say the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cellseg.images.contrast import Levels, measure_levels
from cellseg.images.filled_areas import filled_areas, numbers_of
from cellseg.images.grey_values import _filled, grey_rule, missing, seen_pixels
from cellseg.images.ground import MOSTLY_EDGE, PARTLY_EDGE, _are_objects, grounds_among
from cellseg.images.rims import rim_values
from cellseg.images.source import array_source

VALUES = [0.0, 1.0, 2.5, 7.0, 9.0]
grids = st.builds(
    lambda seed, rows, columns, size: grid(np.random.default_rng(seed), rows, columns, size),
    st.integers(0, 2**32 - 1),
    st.integers(1, 24),
    st.integers(1, 24),
    st.integers(1, 6),
)


def grid(rng, rows, columns, size):
    """Measures of areas in blocks of one value, of which some are filled by it."""
    coarse = rng.choice([*VALUES[:-1], 5.0], (rows // size + 1, columns // size + 1))
    low = np.kron(coarse, np.ones((size, size)))[:rows, :columns]
    found = np.full((rows, columns, 5), np.nan)
    found[..., 2], found[..., 3] = low, low + (rng.random((rows, columns)) < rng.random())
    found[..., 4] = np.where(rng.random((rows, columns)) < 0.5, rng.integers(0, 99, (rows, columns)), np.nan)
    return found


def filled(grid, value):
    return (grid[..., 2:4] == value).all(axis=-1)


@given(grids)
@settings(max_examples=50)
def test_each_part_holds_all_areas_of_its_value(grid):
    for value, found in zip(VALUES, filled_areas(grid, VALUES), strict=True):
        whole = np.zeros(grid.shape[:2], bool)
        if found is not None:
            whole[found.part] = found.areas
        np.testing.assert_array_equal(whole, filled(grid, value))


@given(grids)
@settings(max_examples=100)
def test_rims_and_grounds_are_those_of_the_whole_plane(grid):
    inside = grid[..., 4] if np.isfinite(grid[..., 4]).any() else grid[..., 2:4].mean(axis=-1)
    known, rest = ~np.isnan(inside), ~np.isin(grid[..., 2:4], VALUES).all(axis=-1)
    rims, grounds = [], []
    for value in VALUES:
        rim = inside[ndimage.maximum_filter(filled(grid, value), 5) & known]
        rims.append(np.median(rim if rim.size else inside[known]))
        edge = np.count_nonzero(rest & ndimage.maximum_filter(filled(grid, value), 3)) / max(np.count_nonzero(rest), 1)
        pieces = edge >= PARTLY_EDGE and (_are_objects(rest) or _are_objects(filled(grid, value)))
        grounds += [value] if edge >= MOSTLY_EDGE or pieces else []
    assert rim_values(grid, VALUES) == tuple(rims)
    assert grounds_among(grid, VALUES) == grounds


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=50)
def test_missing_pixels_are_filled_as_in_the_whole_region(seed, height, width):
    rng = np.random.default_rng(seed)
    pixels = np.kron(rng.choice([0, 1, 2, 3], (height // 7 + 1, width // 7 + 1)), np.ones((7, 7)))[:height, :width]
    pixels[rng.random(pixels.shape) < 0.01] = 5
    levels = Levels(5.0, 9.0, no_data=(0.0, 1.0, 2.0, 4.0), fills=(50.0, 51.0, 52.0, 54.0))
    wanted = pixels.copy()
    for value, usual in zip(levels.no_data, levels.fills, strict=True):
        wanted[missing(pixels, value)] = usual
    np.testing.assert_array_equal(_filled(pixels, levels), wanted)


def test_no_value_has_no_areas():
    assert filled_areas(np.zeros((2, 2, 5)), []) == []
    assert not numbers_of(np.zeros((2, 2)), []).any()


def test_a_staircase_of_thousands_of_values_is_measured():
    """4096 squares, each of a value of its own; looked at in whole planes each, they took minutes."""
    steps = np.random.default_rng(0).permutation(2**16)[:4096].reshape(64, 64).astype(np.uint16)
    source = array_source(steps.repeat(32, axis=0).repeat(32, axis=1))
    (found,) = measure_levels(source, 0)
    assert len(found.no_data) == len(found.fills) > 1000
    seen = seen_pixels(source, grey_rule("contrast"), source.height, source.width)
    assert np.isfinite(seen.read(0)).all()

"""Labelling block by block gives what labelling the whole mask gives, to the bit."""

import numpy as np
import pytest
import scipy.ndimage as ndi
from hypothesis import given
from hypothesis import strategies as st

from cellseg import label_instances
from cellseg.errors import InputError
from cellseg.inference.instances import InstanceOptions, label_plane, labelling
from cellseg.inference.instances.blocks import Grid
from tests.inference.instances.drawing import blocks, by_blocks, draw, filled, masks


@given(masks)
def test_components_are_those_of_scipy(mask):
    np.testing.assert_array_equal(label_instances(mask), ndi.label(mask)[0])


@given(masks, st.integers(1, 30))
def test_holes_are_those_of_scipy(mask, largest):
    np.testing.assert_array_equal(label_instances(mask, fill_holes=largest), ndi.label(filled(mask, largest))[0])


@given(masks, blocks, st.integers(0, 9), st.integers(0, 20))
def test_blocks_do_not_show(mask, block, size, holes):
    found = by_blocks(mask, block, minimum_size=size, fill_holes=holes)
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found, label_instances(mask, size, fill_holes=holes))


DRAWINGS = {
    "snake": "######### ........# ######### #........ ######### ........# #########",
    "spiral": "######### #.......# #.#####.# #.#...#.# #.#.###.# #.#.....# #.#######",
    "comb": "#.#.#.#.# #.#.#.#.# #.#.#.#.# #.#.#.#.# #########",
    "comb hanging": "######### #.#.#.#.# #.#.#.#.# #.#.#.#.# #.#.#.#.#",
    "checkerboard": "#.#.#.#.# .#.#.#.#. #.#.#.#.# .#.#.#.#.",
    "full": "####### ####### ####### #######",
    "empty": "....... ....... ....... .......",
    "hole in a hole": "######### #.......# #.#####.# #.#...#.# #.#.#.#.# #.#...#.# #.#####.# #.......# #########",
    "diagonal hole": "###### #.#### ##.### ###.## ####.# ######",
    "one row": "##.###.#.##",
}


OPTIONS = [{}, {"minimum_size": 6}, {"fill_holes": 8}, {"fill_holes": 24, "minimum_size": 30}]


@pytest.mark.parametrize("block", range(1, 8))
@pytest.mark.parametrize(
    "options", [{}, {"minimum_size": 6}, {"fill_holes": 8}, {"fill_holes": 24, "minimum_size": 30}]
)
@pytest.mark.parametrize("text", DRAWINGS.values(), ids=DRAWINGS)
def test_drawings(text, options, block):
    mask = draw(text)
    holes, size = options.get("fill_holes", 0), options.get("minimum_size", 0)
    wanted = ndi.label(filled(mask, holes))[0]
    wanted[np.bincount(wanted.ravel())[wanted] < size] = 0
    names = np.cumsum(np.isin(np.arange(wanted.max() + 1), wanted[wanted > 0]))
    np.testing.assert_array_equal(by_blocks(mask, block, **options), np.where(wanted > 0, names[wanted], 0))


def test_a_hole_is_counted_whole_across_seams():
    mask = draw("###### #....# #....# ######")
    assert by_blocks(mask, 2, fill_holes=7)[1, 1] == 0
    assert by_blocks(mask, 2, fill_holes=8).all()


def test_an_object_is_counted_whole_across_seams():
    mask = draw("...... .####. .####. ......")
    assert by_blocks(mask, 2, minimum_size=8).max() == 1
    assert by_blocks(mask, 2, minimum_size=9).max() == 0


@given(masks, blocks, st.data())
def test_any_region_can_be_read(mask, block, data):
    plane = label_plane(lambda y, x: mask[y, x], *mask.shape, block=block)
    top, left = (data.draw(st.integers(0, side)) for side in mask.shape)
    bottom, right = (data.draw(st.integers(low, side)) for low, side in zip((top, left), mask.shape, strict=True))
    region = slice(top, bottom), slice(left, right)
    np.testing.assert_array_equal(plane.read(*region), label_instances(mask)[region])


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 25))
def test_every_pixel_is_in_one_block(height, width, block):
    count = np.zeros((height, width), int)
    grid = Grid(height, width, block)
    for index, box in enumerate(grid):
        count[box.rows, box.columns] += 1
        assert list(grid.touching(box)) == [index]
    assert (count == 1).all()


def test_progress_ends_with_the_last_block():
    mask = np.ones((10, 7), bool)
    steps = labelling(lambda y, x: mask[y, x], 10, 7, options=InstanceOptions(), block=3)
    seen = [(p.done, p.total) for p in steps]
    assert seen == [(k, 12) for k in range(1, 13)]


def test_several_classes_are_all_cells():
    np.testing.assert_array_equal(label_instances(np.array([[1, 2, 0, 3]])), [[1, 1, 0, 2]])


def test_a_mask_without_pixels_has_no_instances():
    assert label_instances(np.zeros((0, 5), bool), fill_holes=3, grow=2, split="watershed").shape == (0, 5)


@pytest.mark.parametrize(
    ("mask", "options", "parts"),
    [
        (np.ones((2, 3, 4)), {}, ("(2, 3, 4)", "(H, W)")),
        (np.ones((2, 3)), {"split": "cut"}, ("--split is 'cut'", "watershed")),
        (np.ones((2, 3)), {"fill_holes": -1}, ("--fill-holes is -1",)),
    ],
)
def test_what_is_wrong_is_said(mask, options, parts):
    with pytest.raises(InputError) as error:
        label_instances(mask, **options)
    assert all(part in str(error.value) for part in parts)

"""Ids through planes that are drawn one below the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cellseg.errors import InputError
from cellseg.inference.instances import label_plane, link_planes
from tests.inference.instances.drawing import blocks, draw, numbers


def plane_of(mask, block):
    return label_plane(lambda y, x: mask[y, x], *mask.shape, block=block)


def linked(masks, overlap=0.25, block=3, first_id=1):
    planes = link_planes((plane_of(mask, block) for mask in masks), overlap, first_id)
    return np.stack([plane.read(slice(None), slice(None)) for plane in planes])


STORIES = {
    "a cell that moves": (["###....", ".###...", "..###.."], ["111....", ".111...", "..111.."]),
    "one that jumps is new": (["##.....", "....##.", "....##."], ["11.....", "....22.", "....22."]),
    "order changes": (["##.....", "##..###", "....###"], ["11.....", "11..222", "....222"]),
    "a new one does not take a number that is there": (
        ["...###.", "##.###.", "##....."],
        ["...111.", "22.111.", "22....."],
    ),
    "a division: both daughters are new": (["#######", "###.###", "###.###"], ["1111111", "222.333", "222.333"]),
    "a bud is new, the mother goes on": (["#######", "#####.#", "#####.#"], ["1111111", "11111.2", "11111.2"]),
    "a merger: the larger part goes on": (["####.##", "#######"], ["1111.22", "1111111"]),
    "an ended number does not come again": (["###....", ".......", "###...."], ["111....", ".......", "222...."]),
    "an empty stack": ([".......", "......."], [".......", "......."]),
}


@pytest.mark.parametrize("block", [1, 2, 7])
@pytest.mark.parametrize(("drawn", "wanted"), STORIES.values(), ids=STORIES)
def test_stories(drawn, wanted, block):
    found = linked([draw(row) for row in drawn], block=block)
    np.testing.assert_array_equal(found[:, 0], np.concatenate([numbers(row) for row in wanted]))


def test_the_threshold_is_intersection_over_union():
    masks = [draw("####...."), draw("..####..")]  # 2 of 6 pixels
    assert linked(masks, overlap=0.34).max() == 2
    assert linked(masks, overlap=0.33).max() == 1


def test_numbers_go_on_from_another_stack():
    assert linked([draw("#.#")], first_id=8).tolist() == [[[8, 0, 9]]]


def test_more_numbers_than_uint32_holds_are_refused():
    with pytest.raises(InputError, match="4294967296 instances"):
        linked([draw("#.#")], first_id=2**32 - 1)


@given(arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=8)), blocks, st.sampled_from([0.1, 0.25, 0.6]))
def test_neither_blocks_nor_the_partition_change(masks, block, overlap):
    found = linked(masks, overlap, block)
    np.testing.assert_array_equal(found, linked(masks, overlap, 100))
    for mask, ids in zip(masks, found, strict=True):
        own = plane_of(mask, 100).read(slice(None), slice(None))
        pairs = np.unique(np.stack([own.ravel(), ids.ravel()]), axis=1)
        assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]
    present = np.unique(found[found > 0])
    np.testing.assert_array_equal(present, np.arange(1, len(present) + 1))

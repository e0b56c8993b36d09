"""The separating border: symmetric, idempotent, and no cell vanishes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from cellseg.errors import InputError
from cellseg.preprocess.separate import separate
from tests.preprocess.drawing import draw, drawn, label_images, touching_pairs, voronoi_cells

CASES = {
    "two cells lose one pixel each": ("aaabbb aaabbb", "aa..bb aa..bb"),
    "cells that touch at a corner only stay": ("aa.. aa.. ..bb ..bb", "aa.. aa.. ..bb ..bb"),
    "cells apart stay": ("aa.bb", "aa.bb"),
    "a cell inside another": ("aaaaa aaaaa aabaa aaaaa aaaaa", "aaaaa aa.aa a.b.a aa.aa aaaaa"),
    "a thin cell beside a thick one keeps its pixels": ("aaab aaab", "aa.b aa.b"),
    "a thin cell between two thick ones": ("aabcc aabcc", "a.b.c a.b.c"),
    "specks that touch stay": ("ab", "ab"),
    "a speck beside a pair": ("abb", "a.b"),
    "thin cells side by side keep an end each": (".aaaaaa. .bbbbbb.", ".aaa.... ....bbb."),
    "strips of two pixels": ("aabbccdd", "a.b..c.d"),
    "nothing": ("...", "..."),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_drawings(before, after):
    assert drawn(separate(draw(before))) == after.split()


@settings(deadline=None, max_examples=50)
@given(label_images())
def test_invariants(labels):
    before = labels.copy()
    apart = separate(labels)
    np.testing.assert_array_equal(labels, before)
    assert set(np.unique(apart)) | {0} == set(np.unique(labels)) | {0}, "no cell vanishes"
    np.testing.assert_array_equal(separate(apart), apart)
    np.testing.assert_array_equal(np.where(apart > 0, labels, 0), apart)
    np.testing.assert_array_equal(apart[~touching_pairs(labels)], labels[~touching_pairs(labels)])
    sizes = np.bincount(apart.ravel())
    assert (sizes[apart[touching_pairs(apart)]] == 1).all(), "only single pixels still touch"


@pytest.mark.parametrize("seed", range(4))
def test_turns_mirrors_and_renames_with_the_image(seed):
    labels = voronoi_cells((60, 70), 25, 9, seed)
    apart = separate(labels)
    assert (apart != labels).any()
    for turn in (np.fliplr, np.flipud, np.transpose, np.rot90):
        np.testing.assert_array_equal(separate(turn(labels)), turn(apart))
    names = np.random.default_rng(seed).permutation(26)
    names = np.concatenate([[0], names[names > 0]])
    np.testing.assert_array_equal(separate(names[labels]), names[apart])


def test_equal_squares_lose_the_same():
    labels = np.zeros((40, 60), np.uint16)
    labels[10:30, 10:30], labels[10:30, 30:50] = 1, 2
    lost = np.bincount(labels.ravel()) - np.bincount(separate(labels).ravel())
    assert lost.tolist() == [-40, 20, 20]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "int64", "uint64"])
def test_any_integer_type(dtype):
    apart = separate(draw("aaabbb").astype(dtype))
    assert apart.dtype == dtype
    assert drawn(apart) == ["aa..bb"]


def test_numbers_with_gaps():
    labels = draw("aaabbb ......").astype(np.uint32)
    names = np.array([0, 2**32 - 1, 4209], np.uint32)
    np.testing.assert_array_equal(separate(names[labels]), names[separate(labels)])


@pytest.mark.parametrize("labels", [np.zeros((2, 3, 4), int), np.zeros((3, 3)), np.full((3, 3), -1)])
def test_refuses_what_is_no_label_image(labels):
    with pytest.raises(InputError, match="label"):
        separate(labels)

"""Margins along whole sides are found at any width from four pixels on, in whichever pieces the plane is read."""

from functools import cache

import numpy as np
import pytest

from cellseg.images.contrast import LevelsCount
from cellseg.images.frames import Sides
from cellseg.samples.sample import make_sample


@cache
def cells(side=320):
    """Bright nuclei of 16 bits on a ground that is not 0."""
    return make_sample("blobs", (side, side), np.random.default_rng(0))[0].astype(np.uint16) * 20 + 500


def levels_of(pixels, piece):
    count = LevelsCount()
    for top in range(0, pixels.shape[0], piece):
        for left in range(0, pixels.shape[1], piece):
            count.add(pixels[top : top + piece, left : left + piece], (top, left))
    return count.levels()


@pytest.mark.parametrize("piece", [64, 128, 640])
@pytest.mark.parametrize("widths", [(4, 0, 0, 0), (0, 0, 7, 0), (0, 20, 0, 0), (0, 0, 0, 31), (9, 9, 9, 9)])
@pytest.mark.parametrize("value", [0, 65535])
def test_a_margin_of_any_width_is_no_data(widths, value, piece):
    top, bottom, left, right = widths
    around = ((top, bottom), (left, right))
    framed = np.pad(cells(), around, constant_values=value)
    found, plain = levels_of(framed, piece), levels_of(np.pad(cells(), around, mode="reflect"), piece)
    assert found.no_data == (value,)
    assert abs(found.low - plain.low) + abs(found.high - plain.high) < 0.1 * (plain.high - plain.low)
    assert found == levels_of(framed, 640), "to the last bit, however it is cut"


@pytest.mark.parametrize("sides", [(2, 0, 0, 0), (0, 0, 0, 0)])
def test_lines_and_what_ends_before_the_corner_are_none(sides):
    framed = np.pad(cells(), (sides[:2], sides[2:]), constant_values=65535)
    framed[-4:, :250] = 65535
    assert levels_of(framed, 64).no_data == ()


def test_sides_of_several_values():
    pixels = cells(50).copy()
    pixels[:5], pixels[:, -4:] = 7, 9
    found = Sides()
    found.add(pixels, (0, 0))
    assert found.values() == [9.0]
    pixels[:5] = 7
    found = Sides()
    found.add(pixels, (0, 0))
    assert found.values() == [7.0]

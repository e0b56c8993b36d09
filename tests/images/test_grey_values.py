"""Grey values as the network sees them."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images.contrast import Levels
from cellseg.images.grey_notes import is_constant
from cellseg.images.grey_values import bent, between, grey_rule, greys_of, missing, seen_pixels
from cellseg.images.normalise import apply, measure
from cellseg.images.rescale import rescaled
from cellseg.images.source import ImageSource, array_source
from tests.images.test_contrast import DISCS

SHAPE = DISCS.shape


def test_levels_become_two_and_minus_two():
    values = between(np.array([[100, 500, 900]], np.uint16), Levels(100, 900))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, [[-2, 0, 2]])


def test_beyond_the_levels_values_grow_slowly_and_never_turn():
    values = np.linspace(-5000, 5000, 20001, dtype=np.float32)
    seen = bent(values)
    assert (np.diff(seen) > 0).all()
    assert np.abs(np.diff(seen)).max() < 0.51
    assert np.abs(seen).max() < 7
    np.testing.assert_array_equal(bent(-values), -seen)
    inner = np.abs(values) <= 2
    np.testing.assert_array_equal(seen[inner], values[inner])


@pytest.mark.parametrize("rule", ["mean", "contrast", "1000,3000"])
def test_a_region_is_that_of_the_whole(rule):
    canvas = np.zeros((400, 300), np.uint16)
    canvas[50:306, 20:276] = DISCS
    seen = seen_pixels(array_source(canvas), grey_rule(rule), 400, 300)
    whole = seen.read(0)
    for rows, columns in (
        (slice(0, 60), slice(10, 90)),
        (slice(299, 400), slice(270, 300)),
        (slice(7, 8), slice(0, 1)),
    ):
        np.testing.assert_array_equal(seen.read(0, rows, columns), whole[:, rows, columns])


def test_margins_get_the_usual_grey_value():
    canvas = np.zeros((400, 300), np.uint16)
    canvas[50:306, 20:276] = DISCS
    seen = seen_pixels(array_source(canvas), grey_rule("contrast"), 400, 300).read(0)[0]
    assert (seen[:50] == seen[0, 0]).all()
    assert -2.5 < seen[0, 0] < -1.5
    alone = seen_pixels(array_source(DISCS), grey_rule("contrast"), *SHAPE).read(0)[0]
    np.testing.assert_allclose(seen[50:306, 20:276], alone, atol=0.05)


def test_single_pixels_of_the_value_of_a_margin_stay():
    image = np.full((20, 20), 7)
    image[5:15, 5:15] = 0
    image[2, 2] = 0
    found = missing(image, 0)
    assert found[5:15, 5:15].all()
    assert found.sum() == 100


def test_the_mean_as_ever():
    source = array_source(DISCS)
    np.testing.assert_array_equal(
        seen_pixels(source, grey_rule("mean"), *SHAPE).read(0), apply(DISCS[None], measure(source, 0))
    )
    half = rescaled(source, 128, 128)
    np.testing.assert_array_equal(
        seen_pixels(source, grey_rule("mean"), 128, 128).read(0), apply(half.read(0), measure(half, 0))
    )


def test_a_hot_pixel_does_not_spread_when_the_image_is_made_smaller():
    hot = DISCS.copy()
    hot[64, 64] = 65535
    sources, rule = [array_source(each) for each in (DISCS, hot)], grey_rule("contrast")
    plain, changed = (seen_pixels(source, rule, 128, 128).read(0)[0] for source in sources)
    assert np.abs(plain - changed).max() < 2.5
    assert (np.abs(plain - changed) > 0.2).sum() <= 4


def test_numbers_need_no_more_of_an_image_than_a_second_value(monkeypatch):
    source, seen = array_source(np.tile(DISCS, (20, 20))), []
    read = ImageSource.read
    monkeypatch.setattr(ImageSource, "read", lambda *asked: (seen.append(asked), read(*asked))[1])
    (levels,) = greys_of(seen_pixels(source, grey_rule("100,4000"), source.height, source.width), 0)
    assert (levels.low, levels.high, len(seen)) == (100, 4000, 1)


@pytest.mark.parametrize("text", ["", "bright", "1", "1,2,3", "5,5", "9,1", "nan,1", "0,inf", "0,1e300", "a,b"])
def test_rules_that_make_no_sense(text):
    with pytest.raises(InputError, match="--grey-values is"):
        grey_rule(text)


CANVAS = np.full((150, 90), 500, np.uint16)
HOT, HALVES, ONE_CELL = CANVAS.copy(), CANVAS.copy(), CANVAS.copy()
HOT[[3, 80, 149], [4, 50, 89]] = 65535
HALVES[:, 45:] = 501
ONE_CELL[140:148, 80:88] = 900


@pytest.mark.parametrize(("pixels", "constant"), [(CANVAS, True), (HOT, True), (HALVES, False), (ONE_CELL, False)])
@pytest.mark.parametrize("rule", ["contrast", "100,900"])
def test_a_plane_of_one_value_is_known_by_each_rule(rule, pixels, constant):
    stack = array_source(np.stack([DISCS[:150, :90], pixels]))
    measured = [grey_rule(rule).measure(stack, plane) for plane in range(2)]
    assert [is_constant(greys) for greys in measured] == [False, constant]

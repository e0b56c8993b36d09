"""Background of one value, from which it was subtracted or cut off, is no margin; margins and gaps of mosaics are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from cellseg.images.contrast import measure_levels
from cellseg.images.source import array_source
from tests.images.test_contrast import discs

DISCS = discs(count=12).astype(np.int64)
MANY, ONE = discs(count=90).astype(np.int64), discs(count=1).astype(np.int64)
LARGE = ndimage.zoom(discs(count=5, noise=0).astype(np.int64), 4, order=1)


def mosaic(side, fields=9):
    """Fields of a mosaic, apart from each other on black."""
    rows = int(fields**0.5)
    image = np.zeros((2 * side * rows,) * 2, np.int64)
    for place in range(fields):
        y, x = (2 * side * k for k in divmod(place, rows))
        image[y : y + side, x : x + side] = DISCS[:side, :side]
    return image


def levels(image):
    return measure_levels(array_source(image), 0)[0]


@pytest.mark.parametrize(
    "image",
    [
        np.where(DISCS < 1400, 0, DISCS),
        (DISCS - 1150).clip(0),
        np.where(LARGE < 1400, 0, LARGE),
        np.where(MANY < 1400, 0, MANY),
        np.where(ONE < 1400, 0, ONE),
    ],
    ids=["cut off", "subtracted", "large objects", "many objects", "one object"],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_ground_of_one_value_is_the_dark_level(image, sign):
    found = levels(sign * image)
    assert not found.no_data
    assert abs(found.low if sign > 0 else found.high) <= 0.15 * (found.high - found.low)


@pytest.mark.parametrize("image", [np.pad(DISCS, 300), mosaic(128), mosaic(96, 4)], ids=["margin", "mosaic", "small"])
def test_a_margin_is_none(image):
    found = levels(image)
    assert found.no_data == (0,)
    assert 900 < found.low < 1200


def test_a_margin_beside_a_ground():
    image = np.pad(np.where(DISCS < 1400, 0, DISCS), 200, constant_values=65535)
    found = levels(image)
    assert found.no_data == (65535,)
    assert (found.low, found.high > 2400) == (0, True)


NOISE = np.rint(np.random.default_rng(5).normal(1000, 20, (256, 320))).astype(np.int64)


@pytest.mark.parametrize("value", [0, 65535, 930])
@pytest.mark.parametrize("width", [6, 50, 300])
def test_a_frame_around_noise_is_nothing_to_see(value, width):
    found = levels(np.pad(NOISE, width, constant_values=value))
    assert found.empty
    assert found.no_data == (value,)
    assert found.fills == pytest.approx((1000,), abs=3)
    assert (found.low + found.high) / 2 == pytest.approx(1000, abs=3)


def test_fields_of_noise_are_nothing_to_see():
    image = np.zeros((700, 900), np.int64)
    image[50:306, 60:380] = image[400:656, 500:820] = NOISE
    assert levels(image).empty


@pytest.mark.parametrize("radius", [30, 48, 64, 72, 80, 96, 110])
@pytest.mark.parametrize("shift", [0, 3, 5, 8, 11])
def test_a_round_object_of_any_size_on_ground_of_one_value_is_seen(radius, shift):
    y, x = np.ogrid[:512, :512]
    image = np.zeros((512, 512), np.int64)
    disc = (y - 250 - shift) ** 2 + (x - 255) ** 2 < radius**2
    image[disc] = np.rint(np.random.default_rng(6).normal(1000, 20, np.count_nonzero(disc)))
    found = levels(image)
    assert not found.empty
    assert found.high > 900

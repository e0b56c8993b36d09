"""An image of another size: any window of it is that of the whole, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellseg.images import rescale
from cellseg.images.rescale import Axis, rescaled
from cellseg.images.source import array_source

side = st.integers(1, 40)


def window(data, length):
    start = data.draw(st.integers(0, length - 1))
    return slice(start, data.draw(st.integers(start + 1, length)))


@given(st.data(), side, side, side, side, st.sampled_from([np.uint8, np.uint16, np.float32, np.float64]))
def test_a_window_is_that_of_the_whole(data, height, width, new_height, new_width, dtype):
    pixels = (np.random.default_rng(0).random((2, height, width)) * 200).astype(dtype)
    source = rescaled(array_source(pixels, axes="CYX"), new_height, new_width)
    whole = source.read(0)
    assert whole.shape == (2, new_height, new_width)
    assert whole.dtype == source.dtype
    rows, columns = window(data, new_height), window(data, new_width)
    np.testing.assert_array_equal(source.read(0, rows, columns), whole[:, rows, columns])


@given(side, side)
def test_a_flat_image_stays_flat_and_a_slope_a_slope(length, wanted):
    _, place, weights = Axis(length, wanted).taps(slice(0, wanted))
    np.testing.assert_allclose(weights.sum(1), 1)
    assert weights.min() >= 0
    found, scale = (place * weights).sum(1), length / wanted
    inside = slice(int(np.ceil(max(1, 1 / scale))), wanted - int(np.ceil(max(1, 1 / scale))))
    wanted_places = (np.arange(wanted) + 0.5) * scale - 0.5
    if scale <= 1:
        np.testing.assert_allclose(found[inside], wanted_places[inside], atol=1e-9)
    assert np.all(np.abs(found - wanted_places) <= max(scale, 1))


def test_large_images_are_read_in_parts(monkeypatch):
    pixels = np.random.default_rng(0).random((90, 70)).astype(np.float32)
    whole = rescaled(array_source(pixels), 31, 29).read(0)
    monkeypatch.setattr(rescale, "AT_ONCE", 300)
    np.testing.assert_array_equal(rescaled(array_source(pixels), 31, 29).read(0), whole)


def test_the_same_size_is_the_same_image_and_a_pixel_keeps_its_place():
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30)).astype(np.uint8)
    np.testing.assert_array_equal(rescaled(array_source(pixels), 20, 30).read(0)[0], pixels)
    big = rescaled(array_source(pixels), 60, 90).read(0)[0]
    np.testing.assert_allclose(big[1::3, 1::3], pixels, atol=1e-4)


def test_fine_stripes_become_grey_and_do_not_alias():
    stripes = np.tile(np.array([0, 255], np.uint8), (40, 20))
    assert rescaled(array_source(stripes), 10, 10).read(0)[0, 2:-2, 2:-2] == pytest.approx(127.5, abs=1)

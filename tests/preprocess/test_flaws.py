"""Flaws of cameras and slides, and samples without objects."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.options import AugmentOptions
from cellseg.preprocess.empty import empty_sample
from cellseg.preprocess.flaws import FLAWS, add_flaw, dust, hot_pixels, saturated, uneven_light
from cellseg.preprocess.grey_values import change_grey_values

OFF = {"elastic": 0.0, "rotate": False, "flip": False, "scale": 0.0, "grey": 0.0, "blur": 0.0, "noise": 0.0}
IMAGE = np.random.default_rng(0).normal(0, 1, (2, 90, 70)).clip(-2, 2).astype(np.float32)


def changed(flaw, seed=0):
    return flaw(IMAGE, np.random.default_rng(seed)) - IMAGE


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_leaves_type_shape_and_the_given_image(flaw):
    before = IMAGE.copy()
    found = flaw(IMAGE, np.random.default_rng(1))
    assert found.dtype == np.float32
    assert found.shape == IMAGE.shape
    assert (found != IMAGE).any()
    np.testing.assert_array_equal(IMAGE, before)
    np.testing.assert_array_equal(found, flaw(IMAGE, np.random.default_rng(1)))


def test_hot_pixels_are_few_and_the_same_in_all_channels():
    hot = changed(hot_pixels) != 0
    assert 0 < hot[0].sum() < 0.01 * hot[0].size
    np.testing.assert_array_equal(hot[0], hot[1])


def test_dust_is_brighter_than_all_else():
    found = dust(IMAGE, np.random.default_rng(0))
    assert found[found != IMAGE].min() >= 3


def test_uneven_light_is_a_slope():
    slope = changed(uneven_light)[0]
    np.testing.assert_allclose(np.diff(slope, 2, axis=0), 0, atol=1e-6)
    assert 0 < np.ptp(slope) < 3


def test_saturation_has_a_brightest_value():
    found = saturated(IMAGE, np.random.default_rng(0))
    assert (found == found.max()).sum() > 10


def test_flaws_come_as_often_as_asked():
    def drawn(share):
        options = AugmentOptions(**OFF, flaws=share)
        return [(change_grey_values(IMAGE, np.random.default_rng(k), options) != IMAGE).any() for k in range(60)]

    assert not any(drawn(0.0))
    assert sum(drawn(1.0)) > 50  # no hot pixel may be drawn
    assert 5 < sum(drawn(0.3)) < 40
    assert len({add_flaw(IMAGE, np.random.default_rng(k)).tobytes() for k in range(9)}) > 3


def test_an_empty_sample_is_background_with_weights():
    sample = empty_sample(2, np.random.default_rng(0), input_size=(60, 50), output_size=(20, 10))
    assert sample.image.shape == (2, 60, 50)
    assert sample.image.dtype == np.float32
    assert sample.image.std() > 0.05
    assert sample.classes.shape == sample.weights.shape == (20, 10)
    assert not sample.classes.any()
    assert (sample.weights == 1).all()
    light = empty_sample(1, np.random.default_rng(0), input_size=(60, 50), output_size=(20, 10), weight=0.1)
    np.testing.assert_allclose(light.weights, 0.1)

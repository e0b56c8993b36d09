"""Grey-value changes: what each does, and that nothing happens with its option off."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.options import AugmentOptions
from cellseg.preprocess.grey_values import blur, change_grey_values, gain, gamma, noise, offset

IMAGE = np.random.default_rng(0).standard_normal((2, 60, 70)).astype(np.float32)


@pytest.mark.parametrize("change", [gain, offset, gamma, blur, noise])
def test_pure_seeded_float32(change):
    before = IMAGE.copy()
    one, same, other = (change(IMAGE, np.random.default_rng(seed), 0.9) for seed in (1, 1, 2))
    np.testing.assert_array_equal(IMAGE, before)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert one.dtype == np.float32
    assert one.shape == IMAGE.shape


def test_gain_scales_each_channel():
    factors = gain(IMAGE, np.random.default_rng(0), 0.5) / IMAGE
    np.testing.assert_allclose(factors, factors[:, :1, :1] * np.ones_like(IMAGE), rtol=1e-5)
    assert factors[0, 0, 0] != factors[1, 0, 0]
    assert (factors > 0).all()


def test_offset_shifts_each_channel():
    steps = offset(IMAGE, np.random.default_rng(0), 0.5) - IMAGE
    assert np.ptp(steps, axis=(1, 2)).max() < 1e-5
    assert steps[0, 0, 0] != steps[1, 0, 0]


def test_gamma_keeps_order_and_ends():
    bent = gamma(IMAGE, np.random.default_rng(0), 0.5)
    for channel, after in zip(IMAGE, bent, strict=True):
        assert (np.diff(after.ravel()[np.argsort(channel.ravel())]) >= 0).all()
        np.testing.assert_allclose([after.min(), after.max()], [channel.min(), channel.max()], atol=1e-5)


def test_gamma_leaves_a_constant_image():
    flat = np.full((1, 4, 4), 2.5, np.float32)
    np.testing.assert_array_equal(gamma(flat, np.random.default_rng(0), 0.5), flat)


def test_blur_smooths_and_noise_roughens():
    assert blur(IMAGE, np.random.default_rng(0), 3.0).std() < IMAGE.std()
    added = noise(IMAGE, np.random.default_rng(0), 0.2) - IMAGE
    assert 0 < added.std() < 0.2


def test_inverted_as_often_as_asked():
    often = AugmentOptions(inverted=0.25, grey=0, blur=0, noise=0)
    rng = np.random.default_rng(0)
    changed = [change_grey_values(IMAGE, rng, often) for _ in range(200)]
    inverted = [image for image in changed if image is not IMAGE]
    assert 30 < len(inverted) < 70
    for image in inverted:
        np.testing.assert_array_equal(image, -IMAGE)


def test_all_off_changes_nothing():
    off = AugmentOptions(grey=0, blur=0, noise=0)
    assert change_grey_values(IMAGE, np.random.default_rng(0), off) is IMAGE


def test_defaults_stay_in_a_sane_range():
    for seed in range(20):
        changed = change_grey_values(IMAGE, np.random.default_rng(seed), AugmentOptions())
        assert np.isfinite(changed).all()
        assert np.abs(changed).max() < 10

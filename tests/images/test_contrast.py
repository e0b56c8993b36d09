"""Grey levels stay where they are, whatever few pixels, margins and empty ground do."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict, astuple

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.images import contrast
from cellseg.images.contrast import Levels, measure_levels
from cellseg.images.grey_notes import grey_notes
from cellseg.images.open import open_image
from cellseg.images.source import array_source, make_source


def discs(side=256, count=20, low=1000.0, high=3000.0, noise=40.0, seed=0):
    """Bright discs of 9 pixels radius with soft edges, on a noisy ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    image = np.full((side, side), low)
    for top, left in rng.integers(12, side - 12, (count, 2)):
        image = np.maximum(image, low + (high - low) / (1 + np.exp(np.hypot(y - top, x - left) - 9)))
    return np.rint(image + rng.normal(0, noise, image.shape)).astype(np.uint16)


DISCS = discs()


def levels(array):
    return measure_levels(array_source(np.asarray(array)), 0)[0]


def same(found, wanted=None, part=0.1):
    """True if both levels moved by at most a part of the contrast."""
    wanted = wanted or levels(DISCS)
    most = part * (wanted.high - wanted.low)
    return abs(found.low - wanted.low) <= most and abs(found.high - wanted.high) <= most


def test_levels_are_those_of_ground_and_objects():
    found = levels(DISCS)
    assert 900 < found.low < 1100
    assert 2400 < found.high < 3200
    assert not found.empty
    assert not found.no_data
    assert Levels(**json.loads(json.dumps(asdict(found))) | {"no_data": (), "fills": ()}) == found


@pytest.mark.parametrize("share", [0.0003, 0.005])
@pytest.mark.parametrize("value", [0, 65535])
def test_single_pixels(share, value):
    rng, image = np.random.default_rng(1), DISCS.copy()
    image.flat[rng.choice(image.size, int(share * image.size), replace=False)] = value
    assert same(levels(image), part=0.05)
    assert levels(image).farthest > 0.9


@pytest.mark.parametrize("side", [6, 20])
def test_dust(side):
    image = discs(512, 60)
    dusty = image.copy()
    dusty[100 : 100 + side, 200 : 200 + side] = 65535
    assert same(levels(dusty), levels(image))


@pytest.mark.parametrize("value", [0, 65535, 1000])
@pytest.mark.parametrize("times", [3, 10])
def test_margins(value, times):
    canvas = np.full((256 * times, 256 * times), value, np.uint16)
    canvas[300:556, 200:456] = DISCS
    found = levels(canvas)
    assert same(found)
    assert found.no_data == (() if value == 1000 else (value,))


def test_empty_ground():
    rng = np.random.default_rng(2)
    canvas = np.rint(rng.normal(1000, 40, (1024, 1024))).astype(np.uint16)
    canvas[300:556, 200:456] = DISCS
    assert same(levels(canvas))


def test_one_object_in_a_large_field():
    canvas = np.rint(np.random.default_rng(3).normal(1000, 40, (2048, 2048))).astype(np.uint16)
    canvas[1000:1064, 1000:1064] = discs(64, 1)
    found = levels(canvas)
    assert not found.empty
    assert found.high > 2000


@pytest.mark.parametrize("noise", [0, 1, 40])
def test_nothing_to_see(noise):
    image = np.rint(np.random.default_rng(4).normal(1000, noise, (300, 200))).astype(np.uint16)
    image[10, 10] = 60000  # a single pixel is nothing to see
    found = levels(image)
    assert found.empty
    assert (found.low + found.high) / 2 == pytest.approx(1000, abs=1 + noise / 4)
    assert found.high - found.low >= 6 * noise
    assert found.high > found.low


@pytest.mark.parametrize("margin", [0, 200])
@pytest.mark.parametrize("at", [(48, 40), (48, 48), (48, 56), (50, 50), (31, 17)])
def test_a_drawing_without_noise_is_not_empty(at, margin):
    y, x = np.ogrid[:160, :160]
    image = 20 + ((y - at[0]) ** 2 + (x - at[1]) ** 2 < 150) * 150
    found = levels(np.pad(image, margin))
    assert not found.empty
    assert found.low <= 20 < 100 < found.high


def test_a_drawn_rectangle_is_no_field_in_a_margin():
    image = np.zeros((600, 600), np.uint16)
    image[150:400, 200:480] = 1000
    found = levels(image)
    assert (found.empty, found.no_data) == (False, ())
    assert found.low <= 0 < 900 < found.high


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([1, 2, 3, 7, 20]), st.integers(0, 5000))
def test_gain_and_offset(gain, offset):
    plain, changed = levels(DISCS[:128, :128]), levels(DISCS[:128, :128].astype(np.int32) * gain + offset)
    assert changed.low == plain.low * gain + offset
    assert changed.high == plain.high * gain + offset


def test_the_negative():
    plain, negative = levels(DISCS), levels(65535 - DISCS)
    assert (negative.low, negative.high) == (65535 - plain.high, 65535 - plain.low)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("how", [{"tile": (48, 80)}, {"rowsperstrip": 7}, {"compression": None}])
def test_the_same_bits_however_it_is_stored(tmp_path, monkeypatch, dtype, how):
    picture = (discs(200, 12) / 3).astype(dtype)
    whole = levels(picture)
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="minisblack", **({"compression": "zlib"} | how))
    monkeypatch.setattr(contrast, "PIECE_PIXELS", 3000)
    assert measure_levels(open_image(tmp_path / "a.tif"), 0) == (whole,)


def test_channels_and_planes_have_their_own():
    stack = np.stack([[DISCS, DISCS + 500], [DISCS, 2 * DISCS]])
    source = array_source(stack, axes="ZCYX")
    (first, shifted), (again, doubled) = (measure_levels(source, plane) for plane in range(2))
    assert again == first
    assert (shifted.low, doubled.low) == (first.low + 500, first.low * 2)


def test_a_plane_is_never_held_whole():
    class Rows:
        """A plane that is not in memory."""

        block = (64, 2048)

        def read(self, sheet, rows, columns):
            return np.full((rows.stop - rows.start, columns.stop - columns.start), rows.start // 64, np.float32)

    source = make_source(Rows(), "YX", (8192, 2048), np.dtype(np.float32), name="large")
    measure_levels(source, 0)  # compile
    tracemalloc.start()
    measure_levels(source, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 2**20 < 8192 * 2048 * 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (5, 7), (65, 16)])
def test_small_images(shape):
    found = levels(np.random.default_rng(0).integers(0, 200, shape).astype(np.uint8))
    assert np.isfinite(astuple(found)[:2]).all()
    assert found.low < found.high


def test_values_that_are_no_numbers():
    image = DISCS.astype(np.float32)
    image[3, 4] = np.nan
    with pytest.raises(InputError, match="1 values that are not numbers"):
        measure_levels(array_source(image), 0)


def test_objects_in_much_noise():
    """Objects of three deviations of the noise are no empty image, and noise stays below them."""
    found = levels(discs(low=5000, high=7000, noise=650))
    assert not found.empty
    assert 4 * 650 * 0.9 < found.high - found.low < 8 * 650


@pytest.mark.parametrize(("factor", "told"), [(1, False), (2, False), (12, True)])
def test_a_half_that_outshines_the_other_is_told(factor, told):
    lit = discs(side=512, count=60).astype(np.float64)
    lit[:, 256:] *= factor
    assert any("faint cells" in note for note in grey_notes({0: (levels(lit),)}, 1)) == told


@pytest.mark.parametrize(("rise", "told"), [(0, False), (1500, False), (5000, True)])
def test_uneven_light_is_told(rise, told):
    lit = DISCS + np.linspace(0, rise, DISCS.shape[1]).astype(np.uint16)
    assert any("uneven light" in note for note in grey_notes({0: (levels(lit),)}, 1)) == told


def test_planes_are_counted_from_0():
    empty = levels(np.zeros_like(DISCS))
    assert grey_notes({0: (levels(DISCS),), 1: (empty,)}, 2)[0].startswith("plane 1 (from 0) has a single grey value")

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.images.normalise import Normalisation, apply, measure
from cellseg.images.open import open_image
from cellseg.images.source import array_source

PICTURE = np.random.default_rng(0).normal(40000, 100, (2, 57, 43)).astype(np.uint16)


def test_statistics_are_those_of_the_whole_plane():
    measured = measure(array_source(PICTURE, axes="CYX"), 0)
    assert measured.mean == pytest.approx(PICTURE.mean(axis=(1, 2), dtype=np.float64), rel=1e-12)
    assert measured.std == pytest.approx(PICTURE.std(axis=(1, 2), dtype=np.float64), rel=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 57), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_the_height_of_bands_does_not_matter(rows, offset, scale):
    source = array_source(PICTURE[0] * scale + offset)
    whole, banded = measure(source, 0), measure(source, 0, rows_at_once=rows)
    assert banded.mean == pytest.approx(whole.mean, rel=1e-12)
    assert banded.std == pytest.approx(whole.std, rel=1e-9)


def test_each_plane_has_its_own_statistics():
    source = array_source(np.stack([PICTURE[0], PICTURE[0] + 500]))
    assert measure(source, 1).mean[0] - measure(source, 0).mean[0] == pytest.approx(500)


@pytest.mark.parametrize("value", [0, 7, 0.1])
def test_a_constant_image_becomes_zero(value):
    source = array_source(np.full((100, 300), value, np.float32))
    measured = measure(source, 0, rows_at_once=7)
    assert measured.std == (1.0,)
    assert np.abs(apply(source.read(0), measured)).max() < 1e-6


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "uint32", "float16", "float32", "float64"])
def test_a_normalised_plane_has_mean_0_and_deviation_1(dtype):
    pixels = (np.random.default_rng(0).normal(100, 20, (1, 50, 60))).clip(0, 255).astype(dtype)
    normalised = apply(pixels, measure(array_source(pixels, axes="CYX"), 0))
    assert normalised.dtype == np.float32
    assert normalised.mean() == pytest.approx(0, abs=1e-4)
    assert normalised.std() == pytest.approx(1, abs=1e-4)


def test_pixels_do_not_depend_on_the_region():
    statistics = Normalisation((40000.0, 1.0), (99.0, 3.0))
    whole = apply(PICTURE, statistics)
    np.testing.assert_array_equal(apply(PICTURE[:, 10:30, 5:9], statistics), whole[:, 10:30, 5:9])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_counted(tmp_path, value):
    stack = np.zeros((3, 20, 30), np.float32)
    stack[1, ::10, ::10] = value
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    source = open_image(tmp_path / "a.tif")
    measure(source, 0)
    with pytest.raises(InputError) as caught:
        measure(source, 1, rows_at_once=5)
    assert str(caught.value) == (
        f"{tmp_path / 'a.tif'}: plane 2 of 3 has 6 values that are not numbers (NaN or infinite). "
        "Replace them by numbers, for instance with Fiji's Remove NaNs."
    )

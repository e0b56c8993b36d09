from __future__ import annotations

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.images import normalise
from cellseg.images.normalise import Normalisation, apply, measure
from cellseg.images.open import open_image
from cellseg.images.source import array_source, make_source
from cellseg.images.tiff import pixels as tiffpixels

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


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
def test_small_integers_are_measured_exactly(dtype):
    info = np.iinfo(dtype)
    pixels = np.random.default_rng(0).integers(info.min, info.max, (301, 203), dtype, endpoint=True)
    found = measure(array_source(pixels), 0, rows_at_once=7)
    values = [int(value) for value in pixels.ravel()]
    mean = Fraction(sum(values), len(values))
    assert found.mean == (float(mean),)
    assert found.std == (math.sqrt(sum(value * value for value in values) / Fraction(len(values)) - mean**2),)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("how", [{"tile": (64, 32)}, {"rowsperstrip": 16}, {"compression": None}])
def test_each_piece_of_the_file_is_decoded_once(tmp_path, monkeypatch, dtype, how):
    picture = np.random.default_rng(0).normal(1000, 50, (2, 200, 300)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="minisblack", **({"compression": "zlib"} | how))
    monkeypatch.setattr(normalise, "PIECE_PIXELS", 3000)
    monkeypatch.setattr("cellseg.images.cache.shared_blocks.limit", 0)
    decoded = []
    decode = tiffpixels._decode
    monkeypatch.setattr(tiffpixels, "_decode", lambda *args: decoded.append(args[1]) or decode(*args))
    measured = measure(open_image(tmp_path / "a.tif"), 1)
    assert len(decoded) == len(set(decoded)) == {"tile": 40, "rowsperstrip": 13, "compression": 0}[next(iter(how))]
    assert measured.mean[0] == pytest.approx(picture[1].mean(dtype=np.float64), rel=1e-12)
    assert measured.std[0] == pytest.approx(picture[1].std(dtype=np.float64), rel=1e-9)


def test_a_plane_is_never_held_whole():
    class Rows:
        """A plane that is not in memory."""

        block = (16, 4096)

        def read(self, sheet, rows, columns):
            return np.full((rows.stop - rows.start, columns.stop - columns.start), rows.start // 16, np.float32)

    source = make_source(Rows(), "YX", (8192, 8192), np.dtype(np.float32), name="large")
    tracemalloc.start()
    measure(source, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20 < 8192 * 8192 * 4 / 3


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
        f"{tmp_path / 'a.tif'}: plane 1 of 3 (from 0) has 6 values that are not numbers (NaN or infinite). "
        "Replace them by numbers, for instance with Fiji's Remove NaNs."
    )

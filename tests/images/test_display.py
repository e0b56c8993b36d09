"""Copies of images that fit a screen, read in pieces."""

import numpy as np
import pytest

from cellseg.images import display
from cellseg.images.source import array_source


@pytest.mark.parametrize(("shape", "factor"), [((37, 50), 4), ((64, 48), 1), ((3, 100), 8), ((100, 1), 7)])
@pytest.mark.parametrize("pieces", [50, 2**21])
def test_a_small_copy_is_the_mean_of_squares(monkeypatch, shape, factor, pieces):
    monkeypatch.setattr(display, "PIECE_PIXELS", pieces)
    values = np.random.default_rng(0).integers(0, 60_000, (2, 2, *shape)).astype(np.uint16)
    source = array_source(values, axes="ZCYX")
    copy = display.small_copy(source, 1, factor)
    high, wide = (min(factor, side) for side in shape)
    rows, columns = shape[0] // high, shape[1] // wide
    whole = values[1, :, : rows * high, : columns * wide].reshape(2, rows, high, columns, wide)
    np.testing.assert_allclose(copy, whole.mean(axis=(2, 4)), rtol=1e-5)
    labels = display.small_labels(source.select([0]), 1, factor)
    np.testing.assert_array_equal(labels, whole[0][:, high // 2, :, wide // 2])


def test_the_factor_fits_the_longer_side():
    source = array_source(np.zeros((300, 1025), np.uint8))
    assert [display.factor_for(source, side) for side in (2000, 1025, 1024, 100)] == [1, 1, 2, 11]

"""Margins are filled with what lies at their rim, so that no edge is left there."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.images.contrast import measure_levels
from cellseg.images.grey_values import grey_rule, seen_pixels
from cellseg.images.source import array_source


def tissue(ground=40, side=512):
    """A bright disc full of brighter cells on a dark noisy ground."""
    rng, (y, x) = np.random.default_rng(0), np.mgrid[:side, :side]
    inside = np.hypot(y - side / 2, x - side / 2) < side / 4
    cells = (np.sin(y / 4) * np.sin(x / 4) > 0.3) & inside
    return np.rint(ground + 400 * inside + 400 * cells + rng.normal(0, 5, (side, side))).clip(1).astype(np.uint16)


def cut(image, top, left, value):
    """The image with its outer rows and columns missing."""
    missing = np.full_like(image, value)
    missing[top:-top, left:-left] = image[top:-top, left:-left]
    return missing


@pytest.mark.parametrize("value", [0, 60000])
@pytest.mark.parametrize(("top", "left"), [(64, 64), (50, 71), (16, 33)])
def test_the_fill_is_what_lies_at_the_rim(value, top, left):
    image = cut(tissue(), top, left, value)
    (found,) = measure_levels(array_source(image), 0)
    if value:
        assert found.no_data == (value,)
    assert all(abs(fill - 40) < 15 for fill in found.fills)  # not the tissue's 440
    seen = seen_pixels(array_source(image), grey_rule("contrast"), *image.shape).read(0)[0]
    rim = seen[top : top + 8, left : left + 8].mean()
    assert abs(seen[0, 0] - rim) < 0.4


def test_each_value_has_a_rim_of_its_own():
    image = tissue(ground=300)
    image[:, 256:] += 2000
    image[:, :100], image[:, -100:] = 0, 65535
    (found,) = measure_levels(array_source(image), 0)
    assert found.no_data == (0, 65535)
    assert abs(found.fills[0] - 300) < 60
    assert abs(found.fills[1] - 2300) < 60


def test_cells_at_the_rim_do_not_brighten_the_fill():
    """Most areas at the rim hold part of a cell, and most of their pixels are ground."""
    y, x = np.mgrid[:256, :256] % 24 - 12
    image = 500 + 2000 * (np.hypot(y, x) < 6) + np.random.default_rng(0).normal(0, 20, (256, 256))
    framed = np.pad(np.rint(image).astype(np.uint16), 256)
    (found,) = measure_levels(array_source(framed), 0)
    assert abs(found.fills[0] - 500) < 60

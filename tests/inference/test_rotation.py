import math

import numpy as np
import pytest

from cellseg.inference.rotation import Rotation
from cellseg.inference.tiling import Box, Tile
from cellseg.models.geometry import Geometry

POINTWISE = Geometry(smallest=8, stride=8, margin=0, halo=0, exact=True)


def tile(top, left, height, width):
    return Tile(0, Box(top, left, height, width), Box(top, left, height, width))


def wave(box):
    y, x = np.mgrid[box.rows, box.columns]
    return (np.sin(y / 9) + np.cos(x / 7))[None].astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 17, 51.4, 90, 180, 231])
def test_turning_there_and_back_gives_the_image(degrees):
    turned, part = Rotation(math.radians(degrees)), tile(30, 50, 60, 41)
    seen = turned.turn(wave(turned.reads(part, POINTWISE)), part, POINTWISE)
    np.testing.assert_allclose(turned.back(seen, part, POINTWISE), wave(part.write), atol=0.01)


def test_a_quarter_turn_is_numpys():
    turned, part = Rotation(math.pi / 2), tile(0, 0, 5, 5)
    seen = turned.turn(wave(turned.reads(part, POINTWISE)), part, POINTWISE)
    box = turned.sees(part, POINTWISE)
    y, x = np.mgrid[box.rows, box.columns]
    np.testing.assert_allclose(seen[0], np.sin(-x / 9) + np.cos(y / 7), atol=1e-3)


def test_neighbouring_tiles_see_the_same_values_on_the_lattice():
    turned = Rotation(math.radians(36))
    parts = [tile(1000, 2000, 64, 64), tile(1000, 2064, 64, 64)]
    boxes = [turned.sees(part, POINTWISE) for part in parts]
    seen = [turned.turn(wave(turned.reads(part, POINTWISE)), part, POINTWISE) for part in parts]
    shared = boxes[0].overlap(boxes[1])
    a, b = (values[:, *shared.within(box)] for values, box in zip(seen, boxes, strict=True))
    np.testing.assert_array_equal(a, b)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.inference.mirror import mirrored
from cellseg.inference.tiling import Box, plan, whole_strides
from cellseg.models.geometry import Geometry

SHAPES = st.tuples(st.integers(2, 12), st.integers(2, 12)).map(lambda n: (16 * n[0], 16 * n[1]))
UNET = Geometry(smallest=188, stride=16, margin=92, halo=92, exact=True)


@given(planes=st.integers(1, 3), height=st.integers(1, 300), width=st.integers(1, 300), tile=SHAPES)
def test_every_pixel_is_owned_by_exactly_one_tile(planes, height, width, tile):
    owned = np.zeros((planes, height, width), int)
    sizes = set()
    for t in plan(planes, height, width, UNET, tile):
        owned[t.plane, t.write.rows, t.write.columns] += 1
        sizes.add((t.read.height, t.read.width))
        assert t.write.top % UNET.stride == 0
        assert t.write.left % UNET.stride == 0
        assert t.read.top == t.write.top - UNET.margin
        assert UNET.output_size(t.read.height) >= t.write.height
    assert (owned == 1).all()
    assert len(sizes) == 1


@pytest.mark.parametrize("tile", [1, 16, 31])
def test_a_tile_too_small_is_refused(tile):
    with pytest.raises(InputError, match="32"):
        whole_strides(tile, UNET)


@given(start=st.integers(-400, 50), size=st.integers(1, 500), length=st.integers(1, 60))
def test_mirroring_is_numpys_reflect(start, size, length):
    line = np.arange(length)
    before, after = max(-start, 0), max(start + size - length, 0)
    wanted = np.pad(line, (before, after), mode="reflect")[start + before :][:size]
    np.testing.assert_array_equal(mirrored(start, size, length), wanted)


BOXES = st.builds(Box, *[st.integers(-9, 9)] * 2, *[st.integers(1, 9)] * 2)


@given(BOXES, BOXES)
def test_boxes_share_the_pixels_that_are_in_both(a, b):
    seen = np.zeros((40, 40), int)
    for box in (a, b):
        seen[box.top + 20 : box.bottom + 20, box.left + 20 : box.right + 20] += 1
    shared = a.overlap(b)
    assert (shared.height * shared.width if shared else 0) == (seen == 2).sum()
    if shared:
        assert (seen[shared.top + 20 : shared.bottom + 20, shared.left + 20 : shared.right + 20] == 2).all()

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.inference.mirror import mirrored, read_mirrored
from cellseg.inference.tiling import Box, Tile, nearest_first, place, plan, whole_strides
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


def test_the_tiles_of_a_small_image():
    """Two rows of tiles, three columns; every one reads what 176 pixels need, though it writes fewer."""
    tiles = list(plan(2, 100, 70, UNET, (64, 32)))
    writes = [(0, 0, 64, 32), (0, 32, 64, 32), (0, 64, 64, 6), (64, 0, 36, 32), (64, 32, 36, 32), (64, 64, 36, 6)]
    reads = [(top - 92, left - 92, 364, 364) for top, left, _, _ in writes]
    seen = [Tile(k, Box(*read), Box(*write)) for k in (0, 1) for read, write in zip(reads, writes, strict=True)]
    assert tiles == seen


def test_tiles_read_no_more_than_a_tile_or_the_image_needs():
    tiles = plan(1, 500, 300, UNET, (320, 320))
    assert [tile.write for tile in tiles] == [Box(0, 0, 320, 300), Box(320, 0, 180, 300)]
    assert {(tile.read.height, tile.read.width) for tile in tiles} == {(508, 492)}


def test_at_least_176_pixels_are_computed_however_few_are_wanted():
    any_size = Geometry(smallest=1, stride=1, margin=2, halo=2, exact=True)
    sizes = [plan(1, height, 500, any_size, (400, side))[0].read for height, side in ((9, 8), (176, 177), (300, 178))]
    assert [(box.height, box.width) for box in sizes] == [(180, 180), (180, 181), (304, 182)]


def test_a_plan_is_a_sequence():
    tiles = plan(3, 100, 70, UNET, (64, 32))
    each = list(tiles)
    assert len(tiles) == len(each) == 18
    assert tiles[7] == each[7]
    assert tiles[-1] == each[17] != tiles[0]
    assert tiles[4:11:3] == [each[4], each[7], each[10]]
    with pytest.raises(IndexError):
        tiles[18]


def test_tiles_are_found_again_by_their_places():
    tiles = plan(3, 100, 70, UNET, (64, 32))
    assert place(tiles[10]) == (1, 64, 32)
    assert tiles.numbers(place(tile) for tile in tiles).tolist() == [*range(18)]
    assert tiles.numbers([(2, 64, 64), (0, 0, 32)]).tolist() == [17, 1]
    assert tiles.numbers([]).tolist() == []


def test_tiles_come_from_a_point_outward_its_plane_first():
    """From each point; the tiles are small, so that many of them are nearly as far as another."""
    tiles = plan(3, 16, 11, Geometry(smallest=2, stride=2, margin=1, halo=1, exact=True), (6, 4))
    pixels = [np.mgrid[tile.write.rows, tile.write.columns] for tile in tiles]
    for plane, y, x in np.ndindex(3, 16, 11):
        far = [((rows - y) ** 2 + (columns - x) ** 2).min() for rows, columns in pixels]
        keys = {place(tile): (abs(tile.plane - plane), tile.plane, k) for tile, k in zip(tiles, far, strict=True)}
        found = [place(tile) for tile in nearest_first(tiles, (plane, y, x))]
        assert [keys[name] for name in found] == sorted(keys.values())
        assert len(set(found)) == 27


def test_tiles_are_made_of_whole_strides():
    assert [whole_strides(side, UNET) for side in (32, 47, 48, 200)] == [32, 32, 48, 192]


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


def test_a_box_within_another_is_counted_from_its_corner():
    assert Box(9, 7, 2, 3).within(Box(3, -4, 9, 19)) == (slice(6, 8), slice(11, 14))


class Noted:
    """An image (C, H, W) of three planes, 100 apart, that notes how much of it was read."""

    def __init__(self, height, width):
        self.height, self.width = height, width
        self.pixels = np.arange(2 * height * width).reshape(2, height, width)
        self.asked = None

    def read(self, plane, rows, columns):
        self.asked = rows, columns
        return self.pixels[:, rows, columns] + 100 * plane


@given(top=st.integers(-30, 12), left=st.integers(-30, 12), height=st.integers(1, 40), width=st.integers(1, 40))
def test_what_lies_outside_an_image_is_mirrored_and_no_more_is_read_than_is_shown(top, left, height, width):
    source = Noted(13, 14)
    found = read_mirrored(source, 2, Box(top, left, height, width))
    around = np.pad(source.pixels, ((0, 0), (60, 60), (60, 60)), mode="reflect") + 200
    np.testing.assert_array_equal(found, around[:, top + 60 : top + 60 + height, left + 60 : left + 60 + width])
    places = (found[0] - 200) // 14, (found[0] - 200) % 14
    assert source.asked == tuple(slice(at.min(), at.max() + 1) for at in places)

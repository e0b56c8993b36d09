"""Touching cells are cut apart, the same way whatever the blocks."""

from typing import ClassVar

import numpy as np
import pytest
import scipy.ndimage as ndi
from hypothesis import given
from hypothesis import strategies as st

from cellseg import label_instances
from cellseg.inference.instances import split as module
from cellseg.inference.instances.distance import squared_distance
from cellseg.inference.instances.split import SplitSizes
from tests.inference.instances.drawing import blocks, by_blocks, draw, masks, numbers


def discs(shape, radius, *centres):
    """(H, W) bool: discs around (y, x)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.any([(y - v) ** 2 + (x - u) ** 2 < radius**2 for v, u in centres], axis=0)


@pytest.fixture
def small_sizes(monkeypatch):
    """The rule for very large components holds for small ones."""
    sizes = SplitSizes(largest=6, window=5, halo=4)
    monkeypatch.setattr(module, "SIZES", sizes)
    return sizes


@given(masks)
def test_distances_are_those_of_scipy(mask):
    mask.flat[0] = False
    np.testing.assert_array_equal(squared_distance(mask), np.rint(ndi.distance_transform_edt(mask) ** 2))


def test_two_discs_are_cut_at_their_neck():
    mask = draw(".##....##. ####..#### ########## ########## ####..#### .##....##.")
    wanted = numbers(".11....22. 1111..2222 1111122222 1111122222 1111..2222 .11....22.")
    found = label_instances(mask, split="watershed")
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("block", [3, 7, 20])
@pytest.mark.parametrize("apart", [14, 16, 18])
def test_a_pair_of_discs_across_seams(apart, block):
    mask = discs((40, 44), 10, (20, 12), (18, 12 + apart))
    found = by_blocks(mask, block, split="watershed")
    assert found.max() == 2
    np.testing.assert_array_equal(found, label_instances(mask, split="watershed"))


@pytest.mark.parametrize(("height", "width"), [(10, 10), (6, 14), (20, 7), (15, 15)])
@pytest.mark.parametrize("turn", [0, 0.4, 0.8, 1.2])
def test_one_ellipse_stays_one(height, width, turn):
    y, x = np.mgrid[-20:21, -20:21]
    u, v = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    assert label_instances((u / height) ** 2 + (v / width) ** 2 < 1, split="watershed").max() == 1


def test_the_usual_diameter_decides_what_is_a_lobe():
    mask = discs((40, 60), 14, (20, 16)) | discs((40, 60), 6, (20, 35))
    assert label_instances(mask, split="watershed").max() == 2
    assert label_instances(mask, split="watershed", object_diameter=60).max() == 1


@given(masks, blocks, st.integers(0, 5), st.integers(0, 2), st.sampled_from([0.0, 6.0]))
def test_blocks_do_not_show(mask, block, size, grow, diameter):
    options = {"minimum_size": size, "grow": grow, "split": "watershed", "object_diameter": diameter}
    np.testing.assert_array_equal(by_blocks(mask, block, **options), label_instances(mask, **options))


@given(masks)
def test_pieces_are_connected_parts_of_their_component(mask):
    whole, cut = label_instances(mask), label_instances(mask, split="watershed")
    np.testing.assert_array_equal(cut > 0, mask)
    for number in range(1, cut.max() + 1):
        assert ndi.label(cut == number)[1] == 1
        assert len(np.unique(whole[cut == number])) == 1


def test_basins_that_join_are_connected_by_the_pixel_where_they_meet():
    rng = np.random.default_rng(0)
    for noise in rng.standard_normal((60, 40, 40)):
        cut = label_instances(ndi.gaussian_filter(noise, 0.8) > -0.1, split="watershed")
        pieces = ndi.find_objects(cut.astype(int))
        assert all(ndi.label(cut[part] == k)[1] == 1 for k, part in enumerate(pieces, 1))


def test_a_component_is_cut_as_if_it_were_alone():
    one = discs((40, 60), 8, (10, 10), (14, 23))
    other = discs((40, 60), 8, (30, 40), (25, 52)) & ~ndi.binary_dilation(one)
    both = label_instances(one | other, split="watershed")
    np.testing.assert_array_equal(both * one, label_instances(one, split="watershed"))


@pytest.mark.usefixtures("small_sizes")
class TestVeryLargeComponents:
    """With a small limit, so that small masks show the rule."""

    options: ClassVar = {"split": "watershed"}

    @given(mask=masks, block=blocks)
    def test_blocks_do_not_show(self, mask, block):
        np.testing.assert_array_equal(
            by_blocks(mask, block, split="watershed"), label_instances(mask, split="watershed")
        )

    @pytest.mark.parametrize("sides", [(13, 17), (30, 9), (4, 40)])
    def test_one_without_a_neck_stays_one(self, sides):
        assert label_instances(np.ones(sides, bool), **self.options).max() == 1
        assert label_instances(np.pad(np.ones(sides, bool), 2), **self.options).max() == 1


def test_a_sheet_of_cells_is_cut_as_in_one_piece(monkeypatch):
    centres = [(y, x + (y // 11 % 2) * 5) for y in range(8, 90, 11) for x in range(8, 90, 11)]
    mask = discs((100, 100), 6.2, *centres)
    assert ndi.label(mask)[1] == 1
    whole = label_instances(mask, split="watershed")
    assert whole.max() == len(centres)
    monkeypatch.setattr(module, "SIZES", SplitSizes(largest=50, window=32, halo=24))
    np.testing.assert_array_equal(label_instances(mask, split="watershed"), whole)

"""Instances of which less than half the pixels are sure are left out, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellseg.inference.instances import InstanceOptions, levels_of
from cellseg.inference.instances.label import label_as
from tests.inference.instances.drawing import blocks, by_blocks, draw, masks, numbers


def surely(found, sure):
    """Numbered anew without those that are less than half sure."""
    kept = [k for k in np.unique(found[found > 0]) if 2 * (sure & (found == k)).sum() >= (found == k).sum()]
    names = np.zeros(int(found.max(initial=0)) + 1, np.uint32)
    names[kept] = np.arange(1, len(kept) + 1)
    return names[found]


WAYS = st.fixed_dictionaries(
    {
        "minimum_size": st.integers(0, 6),
        "fill_holes": st.integers(0, 6),
        "split": st.sampled_from(["none", "watershed"]),
    }
)


@given(masks, blocks, WAYS, st.integers(0, 2**32 - 1), st.booleans())
def test_it_is_the_rule_for_whole_instances(mask, block, ways, seed, cored):
    rng = np.random.default_rng(seed)
    sure, cores = rng.random(mask.shape) < 0.5, rng.random(mask.shape) < 0.4 if cored else None
    sized = {**ways, "minimum_size": 0}
    every = label_as(mask, InstanceOptions(**sized), cores)
    sizes = np.bincount(every.ravel())
    wanted = surely(np.where(sizes[every] >= ways["minimum_size"], every, 0), sure & (mask != 0))
    found = label_as(mask, InstanceOptions(**ways), cores, sure)
    np.testing.assert_array_equal(found, wanted)
    levels, options = levels_of(mask, cores, sure), {**ways, "cores": cored, "sure": True}
    np.testing.assert_array_equal(by_blocks(levels, block, **options), wanted)


def test_half_is_enough_and_growth_comes_after():
    mask, sure = draw("####..###"), draw("##......#")
    options = InstanceOptions(sure=True, grow=1)
    np.testing.assert_array_equal(label_as(mask, options, None, sure), numbers("11111...."))


def test_a_filled_hole_counts_as_a_pixel_that_is_not_sure():
    mask, sure = draw("### #.# ###"), draw("#.# ... #.#")
    assert label_as(mask, InstanceOptions(sure=True, fill_holes=1), None, sure).max() == 0
    assert label_as(mask, InstanceOptions(sure=True), None, sure).max() == 1


@pytest.mark.parametrize("classes", [np.array([[0, 3, 5, 5]]), np.array([[0, 1, 2, 2]])])
def test_several_classes_are_no_levels(classes):
    assert label_as(classes, InstanceOptions()).max() == 1

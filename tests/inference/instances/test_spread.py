import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellseg import InputError, label_instances
from cellseg.inference.instances import levels_of, spread
from tests.inference.instances.drawing import blocks, by_blocks, draw, masks, numbers


@given(masks, st.integers(0, 2**32 - 1), blocks, st.integers(0, 3), st.integers(0, 9), st.integers(0, 3))
def test_blocks_do_not_show(mask, seed, block, grow, size, reach):
    cores = np.random.default_rng(seed).random(mask.shape) < 0.2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "REACH", reach)
        wanted = label_instances(mask, size, grow, cores=cores)
        options = {"minimum_size": size, "grow": grow, "cores": True}
        np.testing.assert_array_equal(by_blocks(levels_of(mask, cores, None), block, **options), wanted)


def test_cells_that_touch_are_told_apart_by_their_cores():
    mask, cores = draw("####### ####### ......."), draw("....... .#...#. .......")
    np.testing.assert_array_equal(label_instances(mask, cores=cores), numbers("1111222 1111222 ......."))


def test_what_has_no_core_is_no_cell_and_a_core_outside_the_mask_is_none():
    mask, cores = draw("##..##.#"), draw("#.....#.")
    np.testing.assert_array_equal(label_instances(mask, cores=cores), numbers("11......"))


def test_a_core_spreads_around_corners_but_not_through_the_background(monkeypatch):
    mask, cores = draw("#.### #.#.# ###.#"), draw("#.... ..... .....")
    np.testing.assert_array_equal(label_instances(mask, cores=cores), numbers("1.111 1.1.1 111.1"))
    monkeypatch.setattr(spread, "REACH", 5)
    np.testing.assert_array_equal(label_instances(mask, cores=cores), numbers("1.... 1.1.. 111.."))


def test_small_is_what_is_small_after_spreading():
    mask, cores = draw("####.## "), draw("#....#.")
    np.testing.assert_array_equal(label_instances(mask, 3, cores=cores), numbers("1111..."))


def test_all_cores_are_as_none():
    mask = draw("##.# #..# .##.")
    np.testing.assert_array_equal(label_instances(mask, cores=mask), label_instances(mask))


def test_cores_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"the mask is \(1, 3\), its cores \(1, 2\)"):
        label_instances(draw("###"), cores=draw("##"))

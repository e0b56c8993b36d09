import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from skimage.segmentation import expand_labels

from cellseg import label_instances
from tests.inference.instances.drawing import blocks, by_blocks, draw, masks, numbers


@given(masks, blocks, st.integers(1, 5), st.integers(0, 4))
def test_blocks_do_not_show(mask, block, grow, size):
    wanted = label_instances(mask, size, grow)
    np.testing.assert_array_equal(by_blocks(mask, block, minimum_size=size, grow=grow), wanted)


@given(masks, st.integers(1, 5))
def test_the_same_growth_as_scikit_image(mask, grow):
    wanted = expand_labels(label_instances(mask), grow)
    found = label_instances(mask, grow=grow)
    first = np.unique(found[mask], return_index=True)[1]
    names = np.concatenate([[0], label_instances(mask)[mask][first]])
    np.testing.assert_array_equal(names[found], wanted)


def test_of_equally_near_instances_the_left_one_wins_then_the_upper_one():
    np.testing.assert_array_equal(label_instances(draw(".#. #.. ..."), grow=1), numbers("122 11. 1.."))
    np.testing.assert_array_equal(label_instances(draw("#.#"), grow=1), numbers("112"))
    np.testing.assert_array_equal(label_instances(draw("# . #"), grow=1), numbers("1 1 2"))


def test_scratch_is_all_there_is_on_the_disk_and_may_be_left_from_another_run(tmp_path):
    mask = draw("#...# ..... ..#.. ..... #...#")
    for part in (mask, ~mask):
        found = by_blocks(part, 2, scratch=tmp_path / "plane", grow=2)
        np.testing.assert_array_equal(found, label_instances(part, grow=2))
    assert [path.name for path in tmp_path.iterdir()] == ["plane"]

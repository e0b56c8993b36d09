import numpy as np
import scipy.ndimage as ndi
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellseg import label_instances

MASK = np.array([[c == "#" for c in row] for row in ["##..#", "##.#.", ".....", "#...#"]])


def test_components_are_four_connected_and_numbered_in_scan_order():
    wanted = [[1, 1, 0, 0, 2], [1, 1, 0, 3, 0], [0, 0, 0, 0, 0], [4, 0, 0, 0, 5]]
    found = label_instances(MASK)
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found, wanted)


def test_small_instances_are_removed_and_the_rest_renumbered():
    np.testing.assert_array_equal(np.unique(label_instances(MASK, minimum_size=2)), [0, 1])


@given(arrays(bool, (12, 13)), st.integers(0, 2), st.integers(0, 3))
def test_ids_are_consecutive_in_scan_order(mask, grow, size):
    found = label_instances(mask, size, grow)
    ids, first = np.unique(found[found > 0], return_index=True)
    np.testing.assert_array_equal(ids, np.arange(1, len(ids) + 1))
    assert (np.diff(first) > 0).all()


@given(arrays(bool, (12, 13)), st.integers(1, 3))
def test_growing_keeps_instances_apart_and_whole(mask, grow):
    before, after = label_instances(mask), label_instances(mask, grow=grow)
    assert before.max() == after.max()
    pairs = np.unique(np.stack([before[mask], after[mask]]), axis=1)
    assert pairs.shape[1] == before.max()
    reached = ndi.distance_transform_edt(~mask) <= grow if mask.any() else mask
    np.testing.assert_array_equal(after > 0, reached)


@given(arrays(bool, (12, 13)), st.integers(0, 9))
def test_every_instance_has_the_minimum_size(mask, size):
    counts = np.bincount(label_instances(mask, size).ravel())[1:]
    assert (counts >= size).all()

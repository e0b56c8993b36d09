from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from cellseg.labels.doctor.pieces import enclosed_by, find_pieces
from cellseg.labels.doctor.structure import Neighbours, bodies, follows, mend, speck_size

DAMAGED = """
    . . . . . . . . . . . .
    . 1 1 1 1 1 . 2 2 2 2 .
    . 1 1 1 1 1 . 2 2 2 2 .
    . 1 1 . 1 1 . 2 2 2 2 .
    . 1 1 1 1 1 . . . . . .
    . 1 1 1 1 1 . 3 . . . .
    . . . . . . . . 1 1 1 .
    4 . . . . . . . 1 1 1 .
"""
MENDED = """
    . . . . . . . . . . . .
    . 1 1 1 1 1 . 2 2 2 2 .
    . 1 1 1 1 1 . 2 2 2 2 .
    . 1 1 1 1 1 . 2 2 2 2 .
    . 1 1 1 1 1 . . . . . .
    . 1 1 1 1 1 . . . . . .
    . . . . . . . . 5 5 5 .
    4 . . . . . . . 5 5 5 .
"""
LABELS = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.sampled_from([0, 0, 1, 1, 2])
)


def grid(drawing: str) -> np.ndarray:
    lines = [line.split() for line in drawing.strip().split("\n")]
    return np.array([[0 if sign == "." else int(sign) for sign in line] for line in lines], np.int64)


def test_specks_go_holes_are_filled_and_pieces_get_ids_of_their_own():
    mended, found = mend(grid(DAMAGED), "instances")
    assert mended.tolist() == grid(MENDED).tolist()
    assert [(m.fault, m.y, m.x, m.value, m.pixels, m.new) for m in found] == [
        ("speck", 5, 7, 3, 1, 0),
        ("hole", 3, 3, 1, 1, 1),
        ("split", 6, 8, 1, 6, 5),
    ]


def test_what_the_edge_of_the_image_cuts_is_no_speck():
    assert mend(grid(DAMAGED), "instances")[0][7, 0] == 4


def test_ignored_pixels_are_left_alone():
    labels = grid(DAMAGED)
    assert (mend(labels, "instances", ignore=3)[0] == 3).sum() == 1
    assert (mend(labels, "instances", ignore=1)[0] == 1).sum() == (labels == 1).sum()


def test_a_ring_stays_a_ring():
    ring = np.ones((9, 9), np.int64)
    ring[2:7, 2:7] = 0
    assert mend(np.pad(ring, 1), "instances")[1] == []


def test_cells_within_membranes_are_no_holes():
    membranes = np.ones((40, 40), np.int64)
    for y in range(1, 36, 4):
        membranes[y : y + 3, 1:39] = 0
    membranes[1:4, 20] = 1
    assert mend(membranes, "binary")[1] == []


@given(LABELS, st.sampled_from(["instances", "binary", "classes"]))
def test_a_second_repair_finds_nothing(labels, kind):
    labels = np.minimum(labels, 1) if kind == "binary" else labels
    once, _ = mend(labels, kind, 2)
    twice, found = mend(once, kind, 2)
    assert found == []
    np.testing.assert_array_equal(twice, once)


@given(LABELS)
def test_after_a_repair_every_id_is_one_piece_and_no_cell_was_joined(labels):
    mended, found = mend(labels, "instances", 0)
    for value in np.unique(mended[mended > 0]):
        assert ndimage.label(mended == value, np.ones((3, 3)))[1] == 1
        assert len(np.unique(labels[(mended == value) & (labels > 0)])) == 1
    assert (mended != labels).sum() == sum(m.pixels for m in found)


@given(LABELS)
def test_pieces_are_those_of_scipy(labels):
    pieces = find_pieces(labels)
    assert pieces.area.sum() == labels.size
    for value in np.unique(labels):
        wanted, count = ndimage.label(labels == value, np.ones((3, 3)) if value else None)
        assert (pieces.value == value).sum() == count
        for k in np.flatnonzero(pieces.value == value):
            here = pieces.of == k
            assert len(set(wanted[here].tolist())) == 1
            assert here[pieces.place(int(k))]
            assert here.sum() == pieces.area[k]


@given(LABELS)
def test_a_background_piece_is_enclosed_if_one_piece_is_all_around_it(labels):
    pieces = find_pieces(labels)
    around = enclosed_by(pieces)
    padded = np.pad(pieces.of, 1, constant_values=-5)
    for k in range(pieces.value.size):
        here = padded == k
        ring = set(padded[ndimage.binary_dilation(here) & ~here].tolist())
        wanted = ring.pop() if pieces.value[k] == 0 and len(ring) == 1 and -5 not in ring else -1
        assert around[k] == wanted


def test_the_size_of_a_speck_follows_the_cells():
    assert speck_size(np.array([], np.int64)) == 4
    assert speck_size(np.array([100, 120, 3, 2])) == 4
    assert speck_size(np.array([10_000, 9_000, 30])) == 50


def volume() -> np.ndarray:
    """(6, 12, 12): id 1 is a pillar, id 2 lies in two bodies inside, id 3 leaves the volume and comes back."""
    planes = np.zeros((6, 12, 12), np.int64)
    planes[:, 2:5, 2:5] = 1
    planes[1:3, 7:9, 7:9] = planes[4, 3:5, 8:10] = 2
    planes[0:2, 10:, 0:3] = planes[4:, 10:, 0:3] = 3
    return planes


def test_an_id_in_two_bodies_is_found_in_3d():
    assert bodies(iter(volume())) == {2: 2}


def test_ids_that_go_on_overlap_with_themselves():
    planes = volume()
    assert follows(planes[1], planes[2]) == (2, 2)
    assert follows(planes[2], np.roll(planes[2], 6, 0)) == (2, 0)


@pytest.mark.parametrize(("around", "gone"), [(0, True), (9, False)])
def test_in_3d_a_speck_is_one_that_its_neighbours_do_not_continue(around, gone):
    plane, other = np.zeros((9, 9), np.int64), np.zeros((9, 9), np.int64)
    plane[4, 4], other[4, 4] = 9, around
    mended, _ = mend(plane, "instances", volume=Neighbours(other, np.zeros_like(other)))
    assert (mended[4, 4] == 0) == gone

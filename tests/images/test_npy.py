"""NumPy's files."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images.open import open_image

STACK = np.arange(3 * 8 * 9 * 4, dtype=np.uint16).reshape(3, 8, 9, 4)


def opened(folder, array, **options):
    np.save(folder / "a.npy", array)
    return open_image(folder / "a.npy", **options)


@pytest.mark.parametrize(
    ("array", "axes", "planes", "channels"),
    [
        (STACK[0, ..., 0], None, "", 1),
        (STACK[..., 0], None, "Z", 1),
        (STACK[0, ..., :3], None, "", 3),
        (STACK[0], None, "", 3),
        (STACK, None, "Z", 3),
        (STACK, "ZYXC", "Z", 4),
        (STACK.transpose(3, 0, 1, 2), "TCYX", "T", 3),
        (STACK.transpose(3, 0, 1, 2), "CZYX", "Z", 4),
    ],
)
def test_axes(tmp_path, array, axes, planes, channels):
    source = opened(tmp_path, array, axes=axes)
    assert (source.plane_axes, source.channels) == (planes, channels)
    assert (source.height, source.width) == (8, 9)


def test_pixels_of_any_order_and_type(tmp_path):
    plane = STACK[0, ..., 0]
    for array in (plane, np.asfortranarray(plane), plane.astype(">u2"), plane > 90, plane.astype(np.float32)):
        source = opened(tmp_path, array)
        found = source.read(0, slice(2, 5), slice(1, 8))[0]
        np.testing.assert_array_equal(found, array[2:5, 1:8])
        assert found.dtype == source.dtype == (np.uint8 if array.dtype == bool else array.dtype.newbyteorder("="))
    source = opened(tmp_path, STACK)
    np.testing.assert_array_equal(source.read(1), STACK[1, ..., :3].transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([{"masks": 1}]), "holds Python objects (a pickle), and opening those would run code"),
        (np.zeros((2, 3, 8, 9)), "does not say what its axes are. Name one axis each: --axes ZCYX"),
        (np.zeros((2, 2, 3, 8, 9)), "of two to four axes"),
        (np.zeros(9), "of two to four axes"),
        (np.zeros((8, 9), complex), "holds complex128 of shape (8, 9). Images are arrays of integers or floats"),
        (np.zeros((0, 9)), "of shape (0, 9)"),
    ],
)
def test_refusals(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError) as caught:
        open_image(tmp_path / "a.npy")
    assert words in str(caught.value)


def test_a_file_cut_off(tmp_path):
    np.save(tmp_path / "a.npy", STACK)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:400])
    with pytest.raises(InputError, match="It is cut off or damaged"):
        open_image(tmp_path / "a.npy")


@pytest.mark.parametrize(("shape", "planes"), [((8, 9, 1), 1), ((2, 8, 9, 1), 2)])
def test_a_last_axis_of_one_is_a_channel(tmp_path, shape, planes):
    array = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    np.save(tmp_path / "a.npy", array)
    source = open_image(tmp_path / "a.npy")
    assert (source.planes, source.height, source.width, source.channels) == (planes, 8, 9, 1)
    found = np.stack([source.read(plane)[0] for plane in range(planes)])
    np.testing.assert_array_equal(found, array.reshape(planes, 8, 9))

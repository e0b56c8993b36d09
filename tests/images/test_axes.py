from __future__ import annotations

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images.axes import parse_axes, plane_axes, sheet_numbers, sizes_of


def test_planes_are_counted_by_all_axes_but_channels_and_the_sheet():
    assert plane_axes("TZCYX") == "TZ"
    assert plane_axes("PYXS") == "P"
    assert sizes_of("TZ", "TZCYX", (2, 3, 4, 5, 6)) == (2, 3)


def test_sheets_of_a_plane_are_its_channels():
    assert sheet_numbers("ZCYX", (2, 3, 9, 9)).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert sheet_numbers("CZYX", (2, 3, 9, 9)).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert sheet_numbers("ZYXS", (2, 9, 9, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert sheet_numbers("YX", (9, 9)).tolist() == [[0]]


def test_sheet_numbers_agree_with_indexing():
    shape = (2, 3, 4, 5, 1, 1)
    numbers = np.arange(120).reshape(2, 3, 4, 5)
    assert sheet_numbers("TCZPYX", shape).tolist() == numbers.transpose(0, 2, 3, 1).reshape(-1, 3).tolist()


@pytest.mark.parametrize("text", ["", "ZY", "ZZYX", "Z-YX", "3YX", "TXZ"])
def test_unclear_axes_are_refused(text):
    with pytest.raises(InputError, match=r"axes .* not clear.*TCYX"):
        parse_axes(text)


def test_small_letters_are_understood():
    assert parse_axes("zyx") == "ZYX"

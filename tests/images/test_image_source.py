from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images.source import array_source

STACK = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)


def test_a_page_is_one_plane_of_one_channel():
    source = array_source(STACK[0, 0])
    assert (source.planes, source.channels, source.height, source.width) == (1, 1, 4, 5)
    assert (source.plane_axes, source.plane_shape, source.path) == ("", (), None)
    np.testing.assert_array_equal(source.read(0), STACK[0, :1])


def test_three_axes_are_a_stack():
    source = array_source(STACK[0])
    assert (source.plane_axes, source.plane_shape) == ("Z", (3,))
    np.testing.assert_array_equal(source.read(2, slice(1, 3), slice(None, 2)), STACK[0, 2:, 1:3, :2])


@pytest.mark.parametrize(
    ("axes", "plane", "wanted"),
    [
        ("TCYX", 1, STACK[1]),
        ("CTYX", 1, STACK[:, 1]),
        ("TZYX", 4, STACK[1, 1][None]),
        ("YXTC", 4, STACK[:, :, 1, 1:2].transpose(2, 0, 1)),
    ],
)
def test_axes_in_any_order(axes, plane, wanted):
    array = STACK if axes != "YXTC" else STACK[..., :4]
    source = array_source(array, axes=axes)
    if axes == "YXTC":
        wanted = array[:, :, 1].transpose(2, 0, 1)
        plane = 1
    np.testing.assert_array_equal(source.read(plane), wanted)


def test_big_endian_and_bool_arrays_come_out_native():
    source = array_source(STACK[0, 0].astype(">u2"))
    assert source.dtype.isnative
    assert source.read(0).dtype.isnative
    mask = array_source(STACK[0, 0] > 3)
    assert mask.dtype == np.uint8
    assert mask.read(0).max() == 1


def test_what_is_read_is_a_copy():
    array = STACK[0, 0].copy()
    array_source(array).read(0)[:] = 0
    np.testing.assert_array_equal(array, STACK[0, 0])


def test_channels_are_chosen_by_name_or_number():
    source = array_source(STACK[0], axes="CYX")
    assert source.channel_names == ("0", "1", "2")
    assert source.channel_number("2") == source.channel_number(2) == 2
    np.testing.assert_array_equal(source.select([2, 0]).read(0), STACK[0, [2, 0]])
    with pytest.raises(InputError, match=r"array: there is no channel 'DAPI'. It has: 0 \(0\), 1 \(1\), 2 \(2\)"):
        source.channel_number("DAPI")


@pytest.mark.parametrize(
    ("names", "channel", "number"),
    [
        (("DAPI", "dapi", "GFP"), "dapi", 1),
        (("DAPI", "dapi", "GFP"), "DAPI", 0),
        (("DAPI", "DAPI", "GFP"), "gfp", 2),
        (("DAPI", "DAPI", "GFP"), 1, 1),
        (("1", "1", "0"), "1", 1),
        (("1", "2", "0"), "1", 0),
    ],
)
def test_a_channel_of_the_very_name_comes_first(names, channel, number):
    assert replace(array_source(STACK[0], axes="CYX"), channel_names=names).channel_number(channel) == number


@pytest.mark.parametrize(("names", "channel"), [(("DAPI", "DAPI", "GFP"), "DAPI"), (("DAPI", "dapi", "GFP"), "Dapi")])
def test_a_name_of_several_channels_is_refused(names, channel):
    source = replace(array_source(STACK[0], axes="CYX"), channel_names=names)
    with pytest.raises(InputError, match=f"array: 2 channels are called '{channel}'. Give the number, 0 or 1, of: 0"):
        source.channel_number(channel)


def test_an_array_that_may_be_rgb_needs_axes():
    with pytest.raises(InputError, match=r"shape \(8, 8, 3\).*axes='YXS'"):
        array_source(np.zeros((8, 8, 3)))
    assert array_source(np.zeros((8, 8, 3)), axes="YXS").channels == 3


@pytest.mark.parametrize(("shape", "axes"), [((4, 4), "ZYX"), ((2, 4, 4), "YX"), ((0, 4), "YX")])
def test_axes_that_do_not_fit_are_refused(shape, axes):
    with pytest.raises(InputError, match="does not fit the axes"):
        array_source(np.zeros(shape), axes=axes)

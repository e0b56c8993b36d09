"""Axes, channels and pixel sizes as files say or as the user says."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import tifffile

from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.palette import lookup_table


def _write(path, shape, **options):
    tifffile.imwrite(path, np.zeros(shape, np.uint8), **({"photometric": "minisblack"} | options))
    return path


def test_ome_metadata(tmp_path):
    sizes = {"PhysicalSizeX": 250.0, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}
    metadata = {"axes": "TZCYX", "Channel": {"Name": ["DAPI", "GFP"]}} | sizes
    source = open_image(_write(tmp_path / "a.ome.tif", (2, 3, 2, 8, 9), metadata=metadata))
    assert (source.plane_axes, source.plane_shape, source.channel_names) == ("TZ", (2, 3), ("DAPI", "GFP"))
    assert source.pixel_size_um == pytest.approx((0.5, 0.25))
    assert source.spacing_um == pytest.approx(2)


def test_ome_positions_are_planes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tif:
        for value in (1, 2):
            tif.write(np.full((3, 8, 8), value, np.uint8), photometric="minisblack", metadata={"axes": "ZYX"})
    source = open_image(tmp_path / "a.ome.tif")
    assert (source.plane_axes, source.plane_shape) == ("PZ", (2, 3))
    assert [int(source.read(k).max()) for k in range(6)] == [1, 1, 1, 2, 2, 2]


def test_imagej_metadata(tmp_path):
    metadata = {"axes": "ZCYX", "unit": "um", "spacing": 1.5}
    source = open_image(_write(tmp_path / "a.tif", (3, 2, 8, 9), imagej=True, resolution=(4, 2), metadata=metadata))
    assert (source.plane_axes, source.channels) == ("Z", 2)
    assert source.pixel_size_um == pytest.approx((0.5, 0.25))
    assert source.spacing_um == pytest.approx(1.5)


def test_resolution_tags_count_only_where_they_can_be_a_microscope(tmp_path):
    fine = _write(tmp_path / "a.tif", (8, 8), resolution=(20000, 40000), resolutionunit="CENTIMETER", metadata=None)
    print_resolution = _write(tmp_path / "b.tif", (8, 8), resolution=(300, 300), resolutionunit="INCH", metadata=None)
    assert open_image(fine).pixel_size_um == pytest.approx((0.25, 0.5))
    assert open_image(print_resolution).pixel_size_um is None


def test_axes_given_by_the_user(tmp_path):
    path = _write(tmp_path / "a.tif", (6, 8, 9), metadata=None)
    assert open_image(path).plane_axes == "I"
    assert open_image(path, axes="tyx").plane_axes == "T"
    assert open_image(path, axes="CYX").channels == 6


@pytest.mark.parametrize("axes", ["YX", "TZYX"])
def test_axes_of_the_wrong_number(tmp_path, axes):
    path = _write(tmp_path / "a.tif", (6, 8, 9), metadata=None)
    with pytest.raises(InputError, match=rf"a.tif: has the axes IYX of shape \(6, 8, 9\), which '{axes}' does not fit"):
        open_image(path, axes=axes)


def test_axes_in_the_wrong_order(tmp_path):
    path = _write(tmp_path / "a.tif", (6, 8, 9), metadata=None)
    with pytest.raises(InputError, match=r"a.tif: has the axes 'YXZ'.*each of its pages is 8 x 9.*end in YX"):
        open_image(path, axes="YXZ")


def test_channels_by_name_and_number(tmp_path):
    path = tmp_path / "a.ome.tif"
    planes = np.stack([np.full((8, 8), value, np.uint8) for value in (10, 20)])
    tifffile.imwrite(path, planes, photometric="minisblack", metadata={"axes": "CYX", "Channel": {"Name": ["A", "B"]}})
    for channel in ("B", "b", 1, "1"):
        source = open_image(path, channel=channel)
        assert (source.channels, source.channel_names, int(source.read(0).max())) == (1, ("B",), 20)
    with pytest.raises(InputError, match=r"a.ome.tif: there is no channel 2. It has: 0 \(A\), 1 \(B\)"):
        open_image(path, channel=2)


def test_rgb_is_three_named_channels_and_alpha_is_dropped(tmp_path):
    pixels = np.arange(8 * 9 * 4, dtype=np.uint8).reshape(8, 9, 4)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    source = open_image(tmp_path / "a.tif")
    assert source.channel_names == ("red", "green", "blue")
    np.testing.assert_array_equal(source.read(0), pixels.transpose(2, 0, 1)[:3])
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif", channel="green").read(0)[0], pixels[..., 1])


COLOURS = np.stack([np.arange(256) * 257, np.arange(255, -1, -1) * 257, np.zeros(256)]).astype(np.uint16)
GREYS = np.stack([np.arange(255, -1, -1) * 257] * 3).astype(np.uint16)


@pytest.mark.parametrize(
    ("colours", "imagej", "palette", "wanted"),
    [
        (COLOURS, False, "lookup", [[7], [248], [0]]),
        (GREYS, False, "lookup", [[248]]),
        (COLOURS, False, "index", [[7]]),
        (COLOURS, True, "lookup", [[7]]),
    ],
)
def test_palettes(tmp_path, colours, imagej, palette, wanted):
    note = "ImageJ=1.54f\n" if imagej else None
    pixels = np.full((8, 8), 7, np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="palette", colormap=colours, description=note, metadata=None
    )
    source = open_image(tmp_path / "a.tif", palette=palette)
    assert source.read(0)[:, 0, :1].tolist() == wanted
    assert source.channels == len(wanted)


def test_a_palette_is_grey_only_if_all_of_it_is():
    assert lookup_table(GREYS).shape == (1, 256)
    almost = GREYS.copy()
    almost[0, 3] = 0
    assert lookup_table(almost).shape == (3, 256)


def test_orientation_is_ignored_with_a_warning(tmp_path, caplog):
    path = _write(tmp_path / "a.tif", (8, 9), metadata=None, extratags=[(274, "H", 1, 6, True)])
    with caplog.at_level(logging.WARNING):
        assert open_image(path).read(0).shape == (1, 8, 9)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: its Orientation tag (6) is ignored; pixels are read as stored"
    ]


def test_bits_are_zeros_and_ones(tmp_path):
    mask = np.eye(9, 11) > 0
    tifffile.imwrite(tmp_path / "a.tif", mask)
    source = open_image(tmp_path / "a.tif")
    assert source.dtype == np.uint8
    np.testing.assert_array_equal(source.read(0, slice(2, 5), slice(3, 9))[0], mask[2:5, 3:9])

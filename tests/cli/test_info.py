"""cellseg info on images."""

import json

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from ..images.zarrs import write_group, write_image
from .conftest import assert_refused


def test_an_ome_zarr_image(cellseg_cli, tmp_path):
    path = write_image(tmp_path / "a.ome.zarr", np.zeros((2, 3, 64, 80), np.uint16), "tcyx", scale=[1, 1, 0.5, 0.5])
    write_group(path / "labels", {"labels": ["cells"]})
    found = json.loads(cellseg_cli("info", path, "--json").out)
    wanted = {"kind": "image", "planes": 2, "plane_axes": "T", "channels": 3, "height": 64, "width": 80}
    wanted |= {"dtype": "uint16", "pixel_size_um": [0.5, 0.5], "stored_in_blocks_of": [16, 16]}
    assert found | {**wanted, "labels": ["labels/cells"]} == found
    assert "a.ome.zarr" not in cellseg_cli("info", path).err


def test_a_plate_lists_its_images(cellseg_cli, tmp_path):
    plate = write_group(tmp_path / "p.zarr", {"plate": {"wells": [{"path": "A/1"}]}}, "0.4")
    write_group(plate / "A/1", {"well": {"images": [{"path": "0"}, {"path": "1"}]}}, "0.4")
    found = json.loads(cellseg_cli("info", plate, "--json").out)
    assert found == {"kind": "collection", "images": ["A/1/0", "A/1/1"]}


def test_what_cannot_be_read(cellseg_cli, tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    assert_refused(cellseg_cli("info", tmp_path / "empty.zarr"), "empty.zarr", "OME-Zarr")
    write_group(tmp_path / "a.zarr", {"multiscales": [{"datasets": [{"path": "0"}]}]})
    assert_refused(cellseg_cli("info", tmp_path / "a.zarr"), "a.zarr", "'0'")


def test_a_bigtiff_by_its_other_suffix(cellseg_cli, tmp_path):
    tifffile.imwrite(tmp_path / "a.btf", np.zeros((64, 64), np.uint8), bigtiff=True)
    assert json.loads(cellseg_cli("info", tmp_path / "a.btf", "--json").out)["kind"] == "image"


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.bmp", "BMP"), ("a.webp", "WebP")])
def test_pictures_are_told_as_what_they_are(cellseg_cli, tmp_path, name, kind):
    iio.imwrite(tmp_path / name, np.zeros((64, 60, 3), np.uint8))
    found = json.loads(cellseg_cli("info", tmp_path / name, "--json").out)
    wanted = {"kind": "image", "format": kind, "height": 64, "width": 60, "dtype": "uint8", "pixel_size_um": None}
    assert found | {**wanted, "channel_names": ["red", "green", "blue"]} == found


def test_an_array_and_a_tiff_are_told_as_what_they_are(cellseg_cli, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 64, 60), np.float32))
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((64, 60), np.uint8))
    found = json.loads(cellseg_cli("info", tmp_path / "a.npy", "--json").out)
    assert (found["format"], found["plane_axes"], found["dtype"]) == ("NumPy array", "Z", "float32")
    assert json.loads(cellseg_cli("info", tmp_path / "a.tif", "--json").out)["format"] == "TIFF"

"""Does this file show this layer? The pixels decide; lazy arrays that nobody touched are not read for it."""

from __future__ import annotations

import os

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from napari.layers import Image
from napari_cellseg.image_reader import read_image
from napari_cellseg.pixels import layer_files
from napari_cellseg.pixels.layer_files import file_that_shows, guess_axes, named_file, shows, whole_of, write_pixels
from napari_cellseg.pixels.lazy import LazyPixels

import cellseg
from cellseg.images.source import ImageSource


def drawn(shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, 250, shape).astype(dtype)


CASES = {
    "plane": ((20, 30), "YX", (20, 30), False),
    "stack": ((4, 20, 30), "ZYX", (4, 20, 30), False),
    "stack over time": ((2, 3, 20, 30), "TZYX", (2, 3, 20, 30), False),
    "colours": ((3, 20, 30), "CYX", (20, 30, 3), True),
    "channels": ((2, 20, 30), "CYX", (2, 20, 30), False),
    "channels of planes": ((4, 2, 20, 30), "ZCYX", (4, 2, 20, 30), False),
}


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def layer(request, tmp_path):
    """A layer in memory as it was read from its file."""
    stored, axes, _, rgb = CASES[request.param]
    pixels = drawn(stored, np.uint16)
    cellseg.write_stack(tmp_path / "a.tif", pixels, axes)
    data = np.moveaxis(pixels, 0, -1) if rgb else pixels
    return Image(data.copy(), rgb=rgb, name="a"), tmp_path / "a.tif"


def found(layer, path, **more):
    return file_that_shows(path, whole_of(layer), rgb=bool(layer.rgb), **more)


def test_contrast_colours_and_a_name_do_not_count(layer):
    layer, path = layer
    layer.name = "renamed"
    layer.contrast_limits = (3, 9)
    if not layer.rgb:
        layer.colormap = "magma"
    assert found(layer, path) == path


def test_one_changed_pixel_anywhere_counts(layer):
    layer, path = layer
    for at in (0, layer.data.size // 2, layer.data.size - 1):
        changed = layer.data.copy()
        changed.ravel()[at] += 1
        assert file_that_shows(path, changed, rgb=bool(layer.rgb)) is None
    assert file_that_shows(path, layer.data.astype(np.float32), rgb=bool(layer.rgb)) is None


def test_a_file_that_was_rewritten_gone_or_is_damaged_does_not_count(layer):
    layer, path = layer
    path.write_bytes(path.read_bytes()[:200])
    assert found(layer, path) is None
    cellseg.write_stack(path, drawn((20, 30), np.uint16, seed=1))
    assert found(layer, path) is None
    path.unlink()
    assert found(layer, path) is None
    assert file_that_shows(None, layer.data) is None


def test_a_plane_of_a_stack_and_a_part_do_not_count_and_a_channel_where_it_may(tmp_path):
    cellseg.write_stack(tmp_path / "a.tif", stack := drawn((3, 20, 30)))
    for part in (stack[1], stack[:, :10], stack[:2], stack[::-1]):
        assert file_that_shows(tmp_path / "a.tif", part) is None
    cellseg.write_stack(tmp_path / "c.tif", channels := drawn((2, 20, 30)), "CYX")
    assert file_that_shows(tmp_path / "c.tif", channels[1], channel=True)
    assert file_that_shows(tmp_path / "c.tif", channels[1]) is None
    assert file_that_shows(tmp_path / "c.tif", 255 - channels[1], channel=True) is None


def test_channels_are_found_on_whichever_axis_they_are(tmp_path):
    cellseg.write_stack(tmp_path / "a.tif", stack := drawn((3, 2, 20, 30)), "ZCYX")
    assert file_that_shows(tmp_path / "a.tif", stack)
    assert file_that_shows(tmp_path / "a.tif", stack.swapaxes(0, 1))


def test_no_number_is_the_same_as_no_number_and_byte_orders_are(tmp_path):
    pixels = drawn((20, 30), np.float32)
    pixels[2, 3] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", pixels.astype(">f4"), byteorder=">")
    assert file_that_shows(tmp_path / "a.tif", tifffile.imread(tmp_path / "a.tif"))


@pytest.mark.parametrize("channels", [1, 2])
def test_lazy_layers_that_nobody_touched_are_not_read(tmp_path, monkeypatch, channels):
    path = tmp_path / "a.tif"
    cellseg.write_stack(path, drawn((3, channels, 40, 50)), "ZCYX")
    layers = [Image(data, **settings) for data, settings, _ in read_image(path)]
    source = cellseg.open_image(path)
    lazy = LazyPixels(source, 0)
    monkeypatch.setattr(ImageSource, "read", lambda *_: pytest.fail("pixels were read"))
    for layer in layers:
        assert file_that_shows(named_file(layer), layer.data, channel=True) == path
    assert shows(source, lazy, channel=True)


def test_lazy_layers_that_were_changed_are_told_from_samples(tmp_path, monkeypatch):
    monkeypatch.setattr(layer_files, "WHOLE", 0)
    monkeypatch.setattr(layer_files, "SAMPLE", 8)
    path = tmp_path / "a.tif"
    cellseg.write_stack(path, pixels := drawn((9, 90, 90)))
    ((data, _, _),) = read_image(path)
    assert file_that_shows(path, da.from_array(pixels, chunks=(1, 30, 30)))
    assert file_that_shows(path, data * 2) is None
    assert file_that_shows(path, data[:, ::-1]) is None
    assert file_that_shows(path, zarr.array(pixels))
    assert file_that_shows(path, zarr.array(255 - pixels)) is None


def test_a_lazy_layer_of_a_file_that_was_rewritten_is_compared(tmp_path):
    path = tmp_path / "a.tif"
    cellseg.write_stack(path, pixels := drawn((40, 50)))
    ((data, _, _),) = read_image(path)
    shown = da.from_array(np.asarray(data), chunks=(20, 50), name=data.name)
    assert file_that_shows(path, shown)
    cellseg.write_stack(path, 255 - pixels)
    os.utime(path, (1, 1))
    assert file_that_shows(path, shown) is None


@pytest.mark.parametrize(
    ("shape", "dtype", "rgb", "axes"),
    [
        ((20, 30), "uint8", False, "YX"),
        ((4, 20, 30), "uint16", False, "ZYX"),
        ((2, 4, 20, 30), "float32", False, "TZYX"),
        ((20, 30, 3), "uint8", True, "YXS"),
        ((4, 20, 30), "int64", False, "ZYX"),
        ((20, 30), "bool", False, "YX"),
    ],
    ids=str,
)
def test_pixels_are_handed_over_in_a_file(tmp_path, shape, dtype, rgb, axes):
    pixels = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 200, shape).astype(dtype)
    assert guess_axes(len(shape), rgb=rgb) == axes
    path = write_pixels(tmp_path / "image.ome.tif", pixels, axes, (0.5, 0.5), 2.0)
    source = cellseg.open_image(path)
    assert source.pixel_size_um == (0.5, 0.5)
    planes = np.moveaxis(pixels, -1, 0)[None] if rgb else pixels.reshape(-1, 1, *shape[-2:])
    for number, plane in enumerate(planes):
        np.testing.assert_array_equal(source.read(number), plane)


def test_files_of_other_kinds_show_nothing(tmp_path):
    (tmp_path / "no.png").write_bytes(b"no image")
    assert file_that_shows(tmp_path / "no.png", drawn((20, 30))) is None

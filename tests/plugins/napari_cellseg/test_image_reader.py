"""Images are read where they are looked at, with pixel size, planes and channels."""

from __future__ import annotations

import napari_cellseg.image_reader
import numpy as np
import pytest
from napari.components import ViewerModel
from napari_cellseg.image_reader import get_reader, read_image
from napari_cellseg.project.from_layers import create_project
from napari_cellseg.project.layers import open_project
from napari_cellseg.project.lock import release
from napari_cellseg.segment.save import write_cells

import cellseg
from cellseg import InputError


def test_a_stack_with_its_pixel_size(tmp_path):
    stack = np.random.default_rng(0).integers(0, 4000, (3, 70, 90)).astype(np.uint16)
    cellseg.write_stack(tmp_path / "a.tif", stack, "ZYX", pixel_size_um=(0.5, 0.25), spacing_um=2.0)
    ((data, settings, kind),) = read_image(tmp_path / "a.tif")
    assert (kind, settings["name"], settings["scale"]) == ("image", "a.tif", (2.0, 0.5, 0.25))
    assert settings["units"] == ["um", "um", "um"]
    np.testing.assert_array_equal(np.asarray(data), stack)
    np.testing.assert_array_equal(np.asarray(data[1, 10:20, 30:40]), stack[1, 10:20, 30:40])
    assert 0 <= settings["contrast_limits"][0] < settings["contrast_limits"][1] <= 4000


def test_a_series_keeps_its_axes_and_units_on_its_way(tmp_path):
    series = np.random.default_rng(0).integers(0, 255, (3, 40, 50)).astype(np.uint8)
    cellseg.write_stack(tmp_path / "a.ome.tif", series, "TYX", pixel_size_um=(0.5, 0.25))
    ((data, settings, _),) = read_image(tmp_path / "a.ome.tif")
    assert settings["units"] == ["pixel", "um", "um"]
    viewer = ViewerModel()
    viewer.add_image(data + 1, **settings)  # which is in no file
    project = create_project(viewer, tmp_path / "project")
    copied = project.source(project.images[0])
    assert (copied.plane_axes, copied.pixel_size_um, copied.spacing_um) == ("T", (0.5, 0.25), None)
    again = ViewerModel()
    open_project(again, project.path)
    for layer in again.layers:
        assert [str(unit) for unit in layer.units] == ["pixel", "micrometer", "micrometer"]
        np.testing.assert_array_equal(layer.scale[-2:], (0.5, 0.25))
    write_cells(again.layers[-1], project, tmp_path / "cells.ome.tif")
    saved = cellseg.open_image(tmp_path / "cells.ome.tif")
    assert (saved.plane_axes, saved.pixel_size_um) == ("T", (0.5, 0.25))
    release(project.path)


def test_a_layer_a_channel(tmp_path):
    stack = np.random.default_rng(0).integers(0, 255, (2, 3, 40, 50)).astype(np.uint8)
    names = ("nuclei", "walls")
    cellseg.write_stack(tmp_path / "a.tif", stack, "TCYX", channel_names=("a", "b", "c"))
    layers = read_image(tmp_path / "a.tif")
    assert [settings["colormap"] for _, settings, _ in layers] == ["red", "green", "blue"]
    for channel, (data, _, _) in enumerate(layers):
        np.testing.assert_array_equal(np.asarray(data), stack[:, channel])
    cellseg.write_stack(tmp_path / "b.tif", stack[:, :2], "TCYX", channel_names=names)
    assert [settings["name"] for _, settings, _ in read_image(tmp_path / "b.tif")] == ["b.tif nuclei", "b.tif walls"]


def test_planes_too_large_for_the_graphics_card_have_levels(tmp_path, monkeypatch):
    monkeypatch.setattr(napari_cellseg.image_reader, "LARGEST", 64)
    plane = np.random.default_rng(0).integers(0, 255, (100, 200)).astype(np.uint8)
    cellseg.write_stack(tmp_path / "a.tif", plane)
    ((levels, settings, _),) = read_image(tmp_path / "a.tif")
    assert settings["multiscale"]
    assert [level.shape for level in levels] == [(100, 200), (50, 100), (25, 50)]
    np.testing.assert_array_equal(np.asarray(levels[2]), plane[::4, ::4])


def test_only_zarr_images_are_claimed(tmp_path):
    cellseg.write_stack(tmp_path / "a.tif", np.zeros((9, 9), np.uint8))
    assert get_reader(str(tmp_path / "a.tif")) is None
    (tmp_path / "b.zarr").mkdir()
    assert get_reader(str(tmp_path / "b.zarr")) is None
    cellseg.write_stack(tmp_path / "c.zarr", np.arange(81, dtype=np.float32).reshape(9, 9))
    reader = get_reader(str(tmp_path / "c.zarr"))
    assert reader is not None
    np.testing.assert_array_equal(np.asarray(reader("")[0][0]), np.arange(81).reshape(9, 9))
    with pytest.raises(InputError, match="none"):
        read_image(tmp_path / "none.tif")

"""What the child is given to read shows what the window shows."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from napari_cellseg.image_reader import read_image
from napari_cellseg.pixels.layer_files import named_file, whole_of
from napari_cellseg.segment.inputs import Choices, Input, open_order

import cellseg


def order_for(layer, path, folder):
    rgb, data = bool(layer.rgb), whole_of(layer)
    return open_order(Input(name="a", folder=folder, path=path, data=data, rgb=rgb), Choices(model="m"))


@pytest.mark.parametrize(
    ("axes", "shape", "rgb"),
    [("YX", (20, 30), False), ("ZYX", (3, 20, 30), False), ("CYX", (3, 20, 30), True)],
    ids=["plane", "stack", "colours"],
)
def test_a_layer_that_was_changed_is_segmented_as_it_is_shown(tmp_path, axes, shape, rgb):
    path, pixels = tmp_path / "a.tif", np.random.default_rng(0).integers(0, 200, shape).astype(np.uint8)
    cellseg.write_stack(path, pixels, axes)
    layer = Image(np.moveaxis(pixels, 0, -1).copy() if rgb else pixels.copy(), rgb=rgb)
    assert order_for(layer, str(path), tmp_path / "kept")["image"] == str(path)
    layer.data = 255 - layer.data
    order = order_for(layer, str(path), tmp_path / "kept")
    assert order["image"] == str(tmp_path / "kept" / "image.ome.tif")
    source = cellseg.open_image(order["image"])
    shown = np.concatenate([source.read(plane) for plane in range(source.planes)])
    np.testing.assert_array_equal(shown, 255 - pixels.reshape(-1, *shape[-2:]))


def test_a_large_image_that_was_opened_without_loading_it_is_not_written_again(tmp_path):
    cellseg.write_stack(tmp_path / "a.tif", np.zeros((3, 20, 30), np.uint8))
    ((data, settings, _),) = read_image(tmp_path / "a.tif")
    layer = Image(data, **settings)
    order = order_for(layer, named_file(layer), tmp_path / "kept")
    assert order["image"] == str(tmp_path / "a.tif")
    assert not (tmp_path / "kept").exists()

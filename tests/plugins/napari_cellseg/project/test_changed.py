"""A project is learnt from as it is shown: images that were changed in the window go to the training as they are."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer
from napari_cellseg.project.changed import changed_file, write_changed
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layer_data import layer_data
from napari_cellseg.project.training_set import main, write_training_set

import cellseg


def layers_of(project, image):
    """Image layers as the window has them."""
    parts = [part for part in layer_data(project, image) if part[1]["metadata"]["cellseg"]["what"] == "image"]
    return [Layer.create(*part) for part in parts]


@pytest.fixture
def several(tmp_path):
    """A project of colours and of a stack of two channels."""
    rng = np.random.default_rng(5)
    cellseg.write_stack(tmp_path / "rgb.tif", rng.integers(0, 200, (3, 30, 40), np.uint8), "CYX")
    cellseg.write_stack(tmp_path / "two.tif", rng.integers(0, 999, (4, 2, 30, 40), np.uint16), "ZCYX")
    return Project.create(tmp_path / "several", [tmp_path / "rgb.tif", tmp_path / "two.tif"])


def test_layers_that_only_look_otherwise_write_nothing(project, several, tmp_path):
    for of in (project, several):
        layers = [layer for image in of.images for layer in layers_of(of, image)]
        for layer in layers:
            layer.name = "renamed"
            if not layer.rgb:
                layer.contrast_limits, layer.colormap = (3, 9), "magma"
        assert write_changed(of, layers, tmp_path / "changed") is None
        assert not (tmp_path / "changed").exists()


def test_a_filtered_layer_is_learnt_from_as_it_is_shown(project, tmp_path):
    flat, deep = project.images
    layers = [*layers_of(project, flat), *layers_of(project, deep)]
    layers[1].data = 999 - layers[1].data
    project.labels(deep)[1, 5:30, 500:560] = 1
    project.labels(deep)[1, 10:20, 510:530] = 2
    as_stored = write_training_set(project, tmp_path / "before")
    changed = write_changed(project, layers, tmp_path / "changed")
    assert [path.name for path in changed.iterdir()] == ["deep.ome.tif"]
    np.testing.assert_array_equal(cellseg.open_image(changed_file(changed, deep)).read(1)[0], layers[1].data[1])
    assert main(str(project.path), str(tmp_path / "after"), str(changed)) == 0
    assert not changed.exists(), "it is cleared away"
    before, after = (
        cellseg.open_image(folder / "images" / "deep_p0001_000.tif").read(0)[0].astype(float)
        for folder in (as_stored.images.parent, tmp_path / "after")
    )
    assert before.shape == after.shape
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] < -0.99


def test_colours_and_channels(several, tmp_path):
    rgb, two = several.images
    (colours,), channels = layers_of(several, rgb), layers_of(several, two)
    colours.data = 255 - colours.data
    channels[1].data = channels[1].data // 2
    changed = write_changed(several, [colours, *channels], tmp_path / "changed")
    found = cellseg.open_image(changed_file(changed, rgb)).read(0)
    np.testing.assert_array_equal(np.moveaxis(found, 0, -1), colours.data)
    source = cellseg.open_image(changed_file(changed, two))
    assert (source.planes, source.channels) == (4, 2)
    for number, channel in enumerate(channels):
        np.testing.assert_array_equal(source.read(3)[number], channel.data[3])


def test_another_size_is_refused(project, tmp_path):
    (layer,) = layers_of(project, project.images[0])
    layer.data = layer.data[:100]
    with pytest.raises(cellseg.InputError, match=r"has the shape \(100, 400\) now, and was annotated as \(300, 400\)"):
        write_changed(project, [layer], tmp_path / "changed")

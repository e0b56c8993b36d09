"""A project of four images in a real window: eyes, selection and strokes go together."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari_cellseg.project.folder import Project
from napari_cellseg.project.lock import release

from tests.plugins.napari_cellseg.hand import Hand


@pytest.fixture
def project(tmp_path):
    for name in "bhkn":
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((60, 80), np.uint8))
    made = Project.create(tmp_path / "project", [tmp_path / f"{name}.tif" for name in "bhkn"])
    made.labels(made.images[0])[5:9, 5:9] = 2
    yield made
    release(made.path)


def test_strokes_go_into_the_annotation_of_the_image_that_is_seen(make_napari_viewer, qtbot, project):
    viewer = make_napari_viewer(show=True)
    panel = viewer.window.add_plugin_dock_widget("cellseg-unet")[1].panel("Annotate")
    viewer.open(project.path, plugin="cellseg-unet")
    hand, stores = Hand(viewer, qtbot), {image.name: project.labels(image) for image in project.images}

    def paint(row):
        qtbot.waitUntil(lambda: panel.annotator.ready)
        qtbot.wait(50)
        viewer.reset_view()
        hand.press("N")
        hand.drag((row, 20), (row, 40))
        return {name: int(store[row, 30]) for name, store in stores.items()}

    def shown():
        return [layer.name for layer in viewer.layers if layer.visible]

    qtbot.waitUntil(lambda: viewer.layers.selection.active.name == "b annotation")
    assert viewer.layers.selection.active.selected_label == 3, "the next number that is free"
    assert paint(20) == {"b": 3, "h": 0, "k": 0, "n": 0}

    viewer.layers["k"].visible = True
    assert shown() == ["k", "k annotation"]
    assert "k annotation" in panel._name.text()
    assert viewer.layers["k annotation"].mode == "paint", "the brush goes along"
    assert paint(30) == {"b": 0, "h": 0, "k": 2, "n": 0}

    viewer.layers.selection.active = viewer.layers["h annotation"]
    assert shown() == ["h", "h annotation"]
    assert paint(40) == {"b": 0, "h": 2, "k": 0, "n": 0}

    viewer.layers["h annotation"].visible = False  # for a look beneath: a stroke brings it back
    assert shown() == ["h"]
    assert paint(50) == {"b": 0, "h": 3, "k": 0, "n": 0}
    assert shown() == ["h", "h annotation"]

    viewer.layers["h"].visible = False
    assert shown() == []
    assert panel.annotator.target is None
    before = {name: store[...] for name, store in stores.items()}
    hand.drag((25, 20), (25, 40))
    assert all((store[...] == before[name]).all() for name, store in stores.items())
    panel.project.images.textActivated.emit("n")
    assert shown() == ["n", "n annotation"]
    assert panel.annotator.target.layer is viewer.layers["n annotation"]

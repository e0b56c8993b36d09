"""What was drawn on an image in no project is offered when the image is opened again."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import tifffile
from napari_cellseg.commands import open_images
from napari_cellseg.project.recovery import clear_old, is_unsaved, leave, place_of
from napari_cellseg.recovery_bar import RecoveryBar


@pytest.fixture
def image(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((60, 70), np.uint8))
    yield tmp_path / "a.tif"
    leave(place_of(tmp_path / "a.tif"))


def window(make_napari_viewer, image):
    viewer = make_napari_viewer()
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    open_images(viewer, [image])
    return viewer, dock, dock.findChild(RecoveryBar)


def test_annotation_of_an_image_in_no_project_comes_back(make_napari_viewer, image):
    viewer, dock, bar = window(make_napari_viewer, image)
    assert not bar.isVisibleTo(dock)
    layer = dock.panel("Annotate").annotator.annotate(viewer.layers[0])
    assert not is_unsaved(place_of(image)), "nothing is drawn yet"
    layer.paint((30, 30), 2)
    assert is_unsaved(place_of(image))
    assert dock.reasons_to_stay()
    viewer.layers.remove(layer)  # as much as a crash leaves

    viewer, dock, bar = window(make_napari_viewer, image)
    assert bar.isVisibleTo(dock)
    assert "a.tif" in bar.words.text()
    bar.take.click()
    assert not bar.isVisibleTo(dock)
    again = viewer.layers[-1]
    np.testing.assert_array_equal(again.data[...], layer.data[...])
    assert dock.panel("Annotate").annotator.target.layer is again
    dock.session.mark_saved(again)
    assert not is_unsaved(place_of(image))
    assert not dock.reasons_to_stay()


def test_what_nobody_comes_back_for_is_cleared_away(image):
    folder = place_of(image)
    folder.mkdir(parents=True)
    (folder / "something").write_text("x")
    clear_old()
    assert folder.exists()
    long_ago = time.time() - 40 * 86_400
    os.utime(folder / "something", (long_ago, long_ago))
    clear_old()
    assert not folder.exists()

"""A real window: segment, move sliders, correct, take over, cancel, and a child that is killed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.utils.notifications import notification_manager
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layer_data import layer_data, role_of
from napari_cellseg.segment.controls import CutControls
from napari_cellseg.segment.cut import CUT, Cut
from qtpy.QtWidgets import QScrollArea

import cellseg

WAIT = 60_000


@pytest.fixture
def panel(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    made = dock.show_panel("Segment")
    yield made
    made._service.close()


@pytest.fixture
def events(panel):
    found = []
    panel._service.told.connect(found.append)
    return found


def layers(panel):
    return {layer.name: layer for layer in panel._session.viewer.layers}


def kinds(events):
    return [event["event"] for event in events]


def messages():
    return [notice.message for notice in notification_manager.records]


def test_without_image_or_model_it_says_what_is_missing(panel, pixels):
    panel.begin.start.click()
    assert "No image is ticked" in messages()[-1]
    panel._session.viewer.add_image(pixels[0], name="mine")
    panel.begin.start.click()
    assert "No model" in messages()[-1]
    assert panel.begin.model.box.findText("nuclei") >= 0  # it is offered, but nobody is given it unasked
    assert not panel.result.save.isEnabled()
    assert panel.findChild(QScrollArea).widget().minimumSizeHint().width() <= 350


def test_segment_slide_save_correct_and_take_over(panel, events, qtbot, pixels, model_file, tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", pixels, photometric="minisblack", metadata={"axes": "ZYX"})
    project = Project.create(tmp_path / "project", [tmp_path / "stack.tif"])
    panel._session.use_project(project)
    viewer, store = panel._session.viewer, project.labels(project.images[0])
    about = {"cellseg": {"project": str(project.path), "image": "stack", "what": "image"}}
    viewer.add_image(pixels, name="stack", scale=(2, 0.5, 0.5), translate=(0, 7, 0), units=("um",) * 3, metadata=about)
    panel._session.use_model(str(model_file))
    panel.begin.set_network(tile=64)

    panel.begin.start.click()
    qtbot.waitUntil(lambda: "applied" in kinds(events) and not panel.controller.busy, timeout=WAIT)
    assert kinds(events).count("tile") == 36
    cells, picture = layers(panel)["stack: cells"], layers(panel)["stack: probability of cell"]
    assert cells.data.shape == picture.data.shape == pixels.shape
    assert (cells.visible, picture.visible) == (True, False), "cells lie over the image itself"
    for layer in (cells, picture):
        np.testing.assert_array_equal(layer.scale, (2, 0.5, 0.5))
        np.testing.assert_array_equal(layer.translate, (0, 7, 0))
        assert str(layer.units[0]) == "micrometer"
    assert cells.metadata["cellseg"]["what"] == "instances"
    assert cells.metadata["cellseg"]["image"] == "stack"
    assert (project.predictions / "stack").is_dir()

    shown = np.asarray(picture.data[1])
    before, threshold = len(events), round(float(np.quantile(shown, 0.8)) / 255, 2)
    panel._pause.setInterval(5000)  # a busy machine may need long for the preview
    panel.cells.cut.field("threshold").value = threshold
    qtbot.waitUntil(lambda: "stack: cells (preview)" in layers(panel), timeout=WAIT)
    preview = layers(panel)["stack: cells (preview)"]
    qtbot.waitUntil(lambda: preview.visible, timeout=WAIT)
    qtbot.waitUntil(lambda: "applied" in kinds(events[before:]) and not panel.controller.busy, timeout=WAIT)
    assert "tile" not in kinds(events[before:])
    assert not preview.visible
    assert (np.asarray(cells.data[1] > 0) != (shown >= 255 * threshold)).mean() < 0.02
    assert f"--threshold {threshold}" in panel.result.command.text()

    panel.save_as(tmp_path / "saved.ome.tif")
    qtbot.waitUntil(lambda: "saved" in kinds(events), timeout=WAIT)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "saved.ome.tif"), cells.data)

    cells.data_setitem((np.array([1]), np.array([0]), np.array([0])), 77)  # a stroke
    corrected = np.asarray(cells.data)
    assert corrected[1, 0, 0] == 77
    viewer.layers.selection.active = cells
    assert panel.result.command.text() == "", "no command gives corrected cells"
    panel.save_as(tmp_path / "corrected.ome.tif")
    qtbot.waitUntil(lambda: (tmp_path / "corrected.ome.tif").exists() and not panel.controller.busy, timeout=WAIT)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "corrected.ome.tif"), corrected)
    written = cellseg.open_image(tmp_path / "corrected.ome.tif")
    assert (written.pixel_size_um, written.spacing_um) == ((0.5, 0.5), 2)
    (kept,) = [made for made in layer_data(project, project.images[0]) if role_of(made) == "instances"]
    np.testing.assert_array_equal(kept[0], corrected)  # what another window would find after a kill
    store[1, 140:, :] = 5
    panel.correct.area.setCurrentIndex(panel.correct.area.findData("image"))
    told = len(messages())  # napari keeps those of other tests
    panel.correct.use.click()
    qtbot.waitUntil(lambda: any("were put into the annotation" in text for text in messages()[told:]), timeout=WAIT)
    np.testing.assert_array_equal(store[0], np.where(corrected[0] > 0, corrected[0] + 5, 1))
    assert (store[1, 140:] == 5).all()
    assert store[1, 0, 0] == 82
    assert len(project.kept(project.images[0])) == 1

    before = len(events)
    panel.cells.cut.field("minimum_size").value = 9
    qtbot.waitUntil(lambda: "applied" in kinds(events[before:]) and not panel.controller.busy, timeout=WAIT)
    np.testing.assert_array_equal(layers(panel)["stack: cells (corrected)"].data, corrected)
    assert any("stack: cells (corrected)" in text for text in messages()[told:])
    kept = [made[0] for made in layer_data(project, project.images[0]) if role_of(made) == "instances"]
    np.testing.assert_array_equal(kept[0], corrected)
    np.testing.assert_array_equal(kept[1], layers(panel)["stack: cells"].data)
    assert layers(panel)["stack: cells"].data[1, 0, 0] != 77
    panel.result.uncertainty.setChecked(True)
    qtbot.waitUntil(lambda: "stack: uncertainty" in layers(panel), timeout=WAIT)


def test_cancelled_and_killed_it_starts_again(panel, events, qtbot, model_file):
    image = np.random.default_rng(0).integers(0, 255, (800, 800)).astype(np.uint8)
    panel._session.viewer.add_image(image, name="large")
    panel._session.use_model(str(model_file))
    panel.begin.set_network(tile=64)
    panel.begin.start.click()
    qtbot.waitUntil(lambda: kinds(events).count("tile") > 2, timeout=WAIT)
    panel.begin.stop.click()
    qtbot.waitUntil(lambda: not panel.controller.busy, timeout=WAIT)
    assert "cancelled" in panel.begin.state.text()
    done = panel.begin.progress.value()
    assert 2 < done < 169
    panel.begin.start.click()
    qtbot.waitUntil(lambda: panel.begin.progress.value() > done, timeout=WAIT)
    panel._service.child.kill()
    qtbot.waitUntil(lambda: not panel.controller.busy, timeout=WAIT)
    assert "Press Segment to go on" in messages()[-1]
    done = panel.begin.progress.value()
    panel.begin.start.click()
    qtbot.waitUntil(lambda: panel.begin.progress.value() > done, timeout=WAIT)
    assert len([layer for layer in layers(panel) if "probability" in layer]) == 1


def test_the_sliders_begin_with_what_the_model_has_stored_and_can_switch_it_off(qtbot):
    cut = Cut()
    controls = CutControls(cut)
    qtbot.addWidget(controls)
    cut.adapt(
        {"threshold": 0.7, "minimum_size": 12, "minimum_probability": 0.0, "fill_holes": 90, "split": 41.9}, stack=False
    )
    shown = {name: controls.field(name).value for name in CUT}
    assert (shown["threshold"], shown["fill_holes"], shown["split"]) == (0.7, 90, "watershed")
    assert controls.field("object_diameter").native.isVisibleTo(controls)
    assert not controls.field("link").native.isVisibleTo(controls)
    controls.field("split").value = "none"
    controls.field("fill_holes").value = 0
    assert cut.options == {"fill_holes": 0, "split": "none"}
    assert not controls.field("object_diameter").native.isVisibleTo(controls)
    cut.adapt(
        {"threshold": 0.7, "minimum_size": 3000, "minimum_probability": 0.0, "fill_holes": 90, "split": 0}, stack=True
    )
    assert controls.field("minimum_size")._slider.value == 3000  # which is no end of the slider
    assert controls.field("link").native.isVisibleTo(controls)

"""Annotating in a real window, with the mouse and with keys."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari_cellseg.annotate.index import Cell
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layer_data import layer_data, role_of
from napari_cellseg.project.layers import open_project
from qtpy.QtWidgets import QFileDialog, QPushButton

import cellseg
from tests.plugins.napari_cellseg.hand import CONTROL, SHIFT, Hand


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def panel(viewer):
    return viewer.window.add_plugin_dock_widget("cellseg-unet")[1].show_panel("Annotate")


@pytest.fixture
def hand(viewer, qtbot):
    return Hand(viewer, qtbot)


def ready(panel, qtbot):
    qtbot.waitUntil(lambda: panel.annotator.ready)
    qtbot.wait(50)


def test_cells_are_painted_and_edited_with_mouse_and_keys(viewer, panel, hand, qtbot):
    viewer.add_image(np.zeros((200, 300), np.uint8), scale=(0.5, 0.5), units="um", name="cells")
    panel._begin.click()
    layer = panel.annotator.target.layer
    assert layer.metadata["cellseg"] == {"image": "cells", "what": "annotation"}
    ready(panel, qtbot)

    hand.press("N")
    assert (layer.mode, layer.selected_label) == ("paint", 2)
    hand.drag((60, 60), (60, 120), (120, 120), (120, 60), (60, 60))
    assert layer.data[60, 90] == 2
    assert layer.data[90, 90] == 0
    assert panel.annotator.target.index.count() == 1
    painted = int((layer.data == 2).sum())
    assert f"{painted:,} pixels, {painted / 4:,.0f} µm²" in panel._count.text()

    hand.press("H")
    filled = layer.data.copy()
    assert filled[90, 90] == 2
    hand.press("Z", CONTROL)
    assert layer.data[90, 90] == 0
    assert panel.annotator.target.index.pixels(Cell(0, 2)) == painted
    hand.press("Z", CONTROL | SHIFT)
    assert (layer.data == filled).all()

    hand.press("S")
    assert panel.actions.buttons["split"].isChecked()
    centre = viewer.scene.camera.center
    hand.drag((40, 88), (90, 91), (140, 92))
    assert viewer.scene.camera.center == centre
    assert panel.annotator.target.index.numbers(0) == [2, 3]
    assert {layer.data[90, 70], layer.data[90, 110]} == {2, 3}
    hand.drag((40, 70), (90, 72))  # ends inside the cell
    assert panel.annotator.target.index.numbers(0) == [2, 3]
    hand.press("Escape")
    assert not panel.actions.buttons["split"].isChecked()
    assert not viewer.layers["cellseg: marks"].visible

    hand.press("J")
    hand.drag((90, 110))
    hand.drag((90, 70))
    first = layer.data[90, 110]
    assert panel.annotator.target.index.numbers(0) == [first]
    assert (layer.data > 0).sum() == (filled > 0).sum()
    panel.annotator.undo()
    qtbot.wait(20)
    assert panel.annotator.target.index.numbers(0) == [2, 3]
    hand.press("J")
    assert panel.annotator.tool == ""

    layer.selected_label = 2
    hand.press("D")
    assert layer.selected_label == 3
    hand.press("A")
    assert layer.selected_label == 2
    hand.press("Delete", SHIFT)
    assert not (layer.data == 2).any()
    assert (layer.data == 1).any()
    hand.press("Z", CONTROL)
    hand.press("Delete")
    assert panel.annotator.target.index.numbers(0) == [3]
    assert set(np.unique(layer.data)) == {0, 3}

    hand.press("G")
    hand.drag((20, 20), (20, 60))
    assert layer.data[20, 40] == 1
    assert panel.actions.buttons["background"].isChecked()
    assert panel._chosen.text() == "Background"
    hand.press("E")
    hand.drag((20, 20), (20, 60))
    assert not (layer.data == 1).any()


def test_a_region_is_filled_under_the_mouse(viewer, panel, hand, qtbot):
    labels = np.zeros((100, 100), np.uint8)
    labels[20, 20:61] = labels[60, 20:61] = labels[20:61, 20] = 2
    labels[20:61, 60] = 3
    viewer.add_labels(labels, metadata={"cellseg": {"what": "annotation"}})
    ready(panel, qtbot)
    panel.annotator.target.layer.selected_label = 5
    hand.point(40, 40)
    hand.press("H", SHIFT)
    assert (labels[21:60, 21:60] == 5).all()
    assert (labels == 5).sum() == 39 * 39
    hand.point(80, 80)
    hand.press("H", SHIFT)
    assert (labels == 5).sum() == 39 * 39


def test_a_project_s_store_gets_every_edit(viewer, panel, hand, qtbot, tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 600, 700), np.uint8))
    Project.create(tmp_path / "project", [tmp_path / "a.tif"])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "project"))
    next(b for b in panel.findChildren(QPushButton) if b.text().startswith("Open project")).click()
    ready(panel, qtbot)
    layer = panel.annotator.target.layer
    viewer.layers.selection.active = layer
    store = layer.data
    viewer.dims.set_point(0, 1)
    hand.press("N")
    hand.drag((200, 200), (200, 300), (300, 300), (300, 200), (200, 200))
    store.flush()
    written = store.changes
    hand.press("H")
    qtbot.waitUntil(lambda: store[1, 250, 250] == 2)
    store.flush()
    assert store.changes - written == 4  # the four blocks that the hole lies in
    assert not store[0].any()
    hand.press("S")
    hand.drag((180, 250), (320, 252))
    qtbot.waitUntil(lambda: panel.annotator.target.index.numbers(1) == [2, 3])
    hand.press("Z", CONTROL)
    qtbot.waitUntil(lambda: panel.annotator.target.index.numbers(1) == [2])
    assert (layer._slice.image.raw == store[1]).all()
    assert (layer._slice.image.view == store[1]).all()
    assert "Plane 2: 1 cell" in panel._count.text()


def test_the_next_place_is_the_odd_one(viewer, panel, hand, qtbot):
    image = np.random.default_rng(0).normal(100, 5, (2, 512, 512)).astype(np.float32)
    image[1, 256:384, 128:256] += 50
    viewer.add_image(image, name="stack")
    panel._begin.click()
    ready(panel, qtbot)
    hand.press("W")
    qtbot.waitUntil(lambda: viewer.dims.current_step[0] == 1)
    assert viewer.scene.camera.center[-2:] == pytest.approx((319.5, 191.5))
    frame = viewer.layers["cellseg: marks"].data[0]
    assert frame.min(axis=0).tolist() == [255.5, 127.5]
    assert viewer.layers.selection.active.name == "stack annotation"
    hand.press("W")
    qtbot.waitUntil(lambda: viewer.scene.camera.center[-2:] != pytest.approx((319.5, 191.5)))


def test_the_next_place_may_be_in_another_image_of_the_project(viewer, panel, hand, qtbot, tmp_path):
    rng = np.random.default_rng(0)
    for name, more in (("usual", 0), ("odd", 90), ("alike", 0)):
        pixels = rng.normal(100, 5, (256, 256))
        pixels[64:128, 128:192] += more
        cellseg.write_stack(tmp_path / f"{name}.tif", pixels.astype(np.uint8))
    project = Project.create(tmp_path / "work", sorted(tmp_path.glob("*.tif")))
    open_project(viewer, project.path)
    ready(panel, qtbot)
    assert panel.annotator.target.layer.name == "alike annotation"
    hand.press("W")
    qtbot.waitUntil(lambda: panel.annotator.hint.startswith("Annotate what you see"))
    assert viewer.layers.selection.active.name == "odd annotation"
    assert viewer.scene.camera.center[-2:] == pytest.approx((95.5, 159.5))
    assert not viewer.layers["alike annotation"].visible
    seen = set()
    for count in range(2, 8):
        hand.press("W")
        qtbot.waitUntil(lambda count=count: len(panel.annotator._next_place._places._shown) == count)
        qtbot.waitUntil(lambda: panel.annotator.hint.startswith("Annotate what you see"))
        seen.add(viewer.layers.selection.active.name)
    assert len(seen) > 1


def test_the_doctor_leads_to_a_speck(viewer, panel, qtbot):
    rng = np.random.default_rng(0)
    labels = np.ones((300, 300), np.uint8)
    for number, (row, column) in enumerate([(40, 40), (40, 120), (120, 40), (200, 200)], 2):
        labels[row : row + 30, column : column + 30] = number
    labels[250, 60] = 2
    viewer.add_image(rng.normal(100, 5, labels.shape) + 60 * (labels > 1))
    viewer.add_labels(labels, metadata={"cellseg": {"what": "annotation"}})
    ready(panel, qtbot)
    panel.findings.check.click()
    assert not panel.findings.check.isEnabled()
    qtbot.waitUntil(lambda: panel.findings.check.isEnabled(), timeout=60000)
    texts = [panel.findings.list.item(row).text() for row in range(panel.findings.list.count())]
    row = next(row for row, text in enumerate(texts) if "speck" in text or "pieces" in text)
    panel.findings.list.itemClicked.emit(panel.findings.list.item(row))
    assert viewer.scene.camera.center[-2:] == pytest.approx((250, 60), abs=1)


def test_labels_become_an_annotation_only_when_it_is_said(viewer, panel, qtbot):
    labels = np.zeros((40, 50), np.uint8)
    labels[5:9, 5:9], labels[20:30, 20:30] = 1, 4
    viewer.add_labels(labels, name="result")
    assert panel.annotator.target is None
    assert panel._shift.isVisible()
    panel._shift.click()
    ready(panel, qtbot)
    target = panel.annotator.target
    assert target.layer is viewer.layers["result"]
    assert [layer.name for layer in viewer.layers] == ["result"], "no copy is made"
    assert "Correcting" in panel._name.text()
    assert (target.index.numbers(0), target.layer.selected_label) == ([1, 4], 5)
    target.layer.selected_label = 1
    panel.annotator.run("delete_to_background")
    assert (set(np.unique(labels)), target.index.numbers(0)) == ({0, 4}, [4])
    target.layer.metadata.clear()
    viewer.layers.selection.active = None
    viewer.layers.selection.active = viewer.layers["result"]
    panel._use.click()
    ready(panel, qtbot)
    assert panel.annotator.target.index.numbers(0) == [4]
    viewer.dims.ndisplay = 3
    panel.annotator.run("new_cell")
    panel.annotator.run("fill_holes")  # tells that no plane is seen
    annotator = panel.annotator
    assert viewer.layers["result"].keymap
    panel.deleteLater()  # as Python does sooner or later when the dock was removed
    qtbot.waitUntil(lambda: annotator.target is None)
    assert not viewer.layers["result"].keymap
    viewer.layers["result"].selected_label = 9
    viewer.dims.ndisplay = 2


def test_labels_of_another_program_are_kept_and_corrected_in_the_project(viewer, panel, qtbot, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((60, 70), np.uint8))
    project = Project.create(tmp_path / "project", [tmp_path / "a.tif"])
    open_project(viewer, project.path)
    labels = np.zeros((60, 70), np.uint8)
    labels[5:20, 5:20], labels[5:20, 30:40] = 1, 2
    layer = viewer.add_labels(labels, name="from elsewhere")
    panel._shift.click()
    ready(panel, qtbot)
    assert (panel.annotator.target.layer, layer.selected_label) == (layer, 3)
    layer.selected_label = 2
    panel.annotator.run("delete")
    layer.paint((50, 50), 3)
    cells = np.asarray(layer.data)
    assert set(np.unique(cells)) == {0, 1, 3}
    (kept,) = [made for made in layer_data(project, project.images[0]) if role_of(made) == "instances"]
    assert kept[1]["name"] == "from_elsewhere"
    np.testing.assert_array_equal(kept[0], cells)  # what another window would find after a kill


def test_an_earlier_state_comes_back_and_another_image_is_shown(viewer, panel, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_cellseg.project.layers.MOST_SHOWN", 1)
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((60, 70), np.uint8))
    assert not panel.project.states.isVisible()
    project = Project.create(tmp_path / "project", [tmp_path / "a.tif", tmp_path / "b.tif"])
    project.labels(project.images[0])[10:20] = 2
    project.keep(project.images[0], "before importing x.tif")
    open_project(viewer, project.path)
    ready(panel, qtbot)
    layer = viewer.layers["a annotation"]
    layer.data_setitem((np.array([30]), np.array([30])), 3)
    layer.data_setitem((np.array([15]), np.array([30])), 0)
    panel.project.list_states()
    (action,) = panel.project.menu.actions()
    assert action.text().endswith(", before importing x.tif")
    action.trigger()
    qtbot.waitUntil(lambda: panel.project.states.isEnabled())
    ready(panel, qtbot)
    assert set(np.unique(layer.data[...])) == {0, 2}
    assert (layer._slice.image.raw == layer.data[...]).all()
    assert panel.annotator.target.index.numbers(0) == [2]
    layer.undo()  # nothing is left that would mix the two
    assert layer.data[15, 30] == 2
    panel.project.list_states()
    assert [a.text().split(", ")[1][:20] for a in panel.project.menu.actions()] == [
        "before an earlier st",
        "before importing x.t",
    ]

    assert panel.project.images.isVisible()
    assert panel.project.images.currentText() == "a"
    panel.project.images.textActivated.emit("b")
    assert panel.annotator.target.layer is viewer.layers["b annotation"]
    assert [layer.name for layer in viewer.layers if layer.visible] == ["b", "b annotation"]
    panel.project.list_states()
    assert not panel.project.menu.actions()[0].isEnabled()

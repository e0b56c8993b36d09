"""Cells of several classes in a real window: keys, colours, undo, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.project.cell_classes import CellClassTable
from napari_cellseg.project.class_colours import class_colour
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layers import open_project

import cellseg
from tests.plugins.napari_cellseg.hand import CONTROL, SHIFT, Hand


@pytest.fixture
def project(tmp_path):
    cellseg.write_stack(tmp_path / "tissue.tif", np.full((200, 300), 7, np.uint8))
    return Project.create(tmp_path / "work", [tmp_path / "tissue.tif"])


def kept(project):
    """Classes of the cells as another program reads them."""
    image = project.images[0]
    table = CellClassTable(project.path / "labels" / f"{image.name}.zarr", ("neuron", "glia"), writable=False)
    return {number: table.of(0, number) for number in range(2, 8) if table.of(0, number)}


def test_cells_get_their_classes_by_keys(make_napari_viewer, project, qtbot):
    viewer = make_napari_viewer(show=True)
    panel = viewer.window.add_plugin_dock_widget("cellseg-unet")[1].show_panel("Annotate")
    hand = Hand(viewer, qtbot)
    open_project(viewer, project.path)
    qtbot.waitUntil(lambda: panel.annotator.ready)
    layer = panel.annotator.target.layer
    hand.press("N")
    hand.drag((20, 20), (20, 60))  # before anybody asks for classes
    panel.classes.set_names("neuron, glia")
    qtbot.waitUntil(lambda: panel.classes._left.text().startswith("1 cell has no class"))
    assert [button.text() for button in panel.classes.buttons] == ["neuron  F1  (0)", "glia  F2  (0)"]
    assert not kept(project)

    hand.press("N")
    hand.drag((60, 20), (60, 60))
    assert kept(project) == {3: 1}
    hand.point(150, 250)
    hand.press("F2")
    assert panel.annotator.hint == "The next cell is glia."
    hand.press("N")
    hand.drag((100, 20), (100, 80))
    assert kept(project) == {3: 1, 4: 2}
    assert panel._chosen.text() == "Cell 4, glia"
    shown = layer.colormap.map(np.array([3, 4], np.uint32))
    hues = np.array([class_colour(1), class_colour(2)])
    assert (np.abs(shown[:, None] - hues).sum(axis=2).argmin(axis=1) == [0, 1]).all()
    assert len(np.unique(layer._slice.image.view[[20, 60, 100], 40])) == 3

    hand.point(60, 40)
    hand.press("F2")
    assert kept(project) == {3: 2, 4: 2}
    hand.press("Z", CONTROL)
    assert kept(project) == {3: 1, 4: 2}
    hand.press("Z", CONTROL | SHIFT)
    assert kept(project) == {3: 2, 4: 2}
    hand.press("Z", CONTROL)
    hand.press("Z", CONTROL)  # the stroke
    assert panel.annotator.target.index.numbers(0) == [2, 3]
    hand.press("Z", CONTROL | SHIFT)
    qtbot.waitUntil(lambda: panel.classes.buttons[1].text() == "glia  F2  (1)")

    hand.press("S")
    hand.drag((80, 50), (120, 51))
    hand.press("Escape")
    assert kept(project) == {3: 1, 4: 2, 5: 2}
    panel.classes.set_names("")
    assert not panel.classes.buttons
    assert kept(project) == {3: 1, 4: 2, 5: 2}


def test_a_predicted_cell_is_taken_with_its_class(make_napari_viewer, project, qtbot, tmp_path):
    viewer = make_napari_viewer(show=True)
    project = project.with_classes(["neuron", "glia"])
    panel = viewer.window.add_plugin_dock_widget("cellseg-unet")[1].show_panel("Annotate")
    hand = Hand(viewer, qtbot)
    open_project(viewer, project.path)
    qtbot.waitUntil(lambda: panel.annotator.ready)
    found = np.zeros((200, 300), np.uint32)
    found[20:40, 20:60], found[80:100, 20:60] = 1, 2
    cellseg.CellClasses(("glia",), np.array([(0, 1, 1)])).write_beside(tmp_path / "cells")
    annotation = panel.annotator.target.layer
    notes = {**annotation.metadata["cellseg"], "what": "instances", "classes": str(tmp_path / "cells")}
    viewer.add_labels(found, name="cells", metadata={"cellseg": notes})
    viewer.layers.selection.active = annotation
    qtbot.waitUntil(lambda: panel.annotator.target.layer is annotation and panel.annotator.ready)
    hand.press("T")
    for row in (30, 90):
        hand.drag((row, 40))
    hand.press("Escape")
    assert kept(project) == {2: 2, 3: 1}  # the other one was predicted without a class: that of the next cell

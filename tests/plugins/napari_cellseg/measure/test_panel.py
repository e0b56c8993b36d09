"""The panel in a real window: measure, go to a cell, paint, filter, save, compare."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.measure.overlays import ERRORS, OUTLINE, SHADES, overlay
from napari_cellseg.measure.panel import MeasurePanel
from napari_cellseg.session import Session
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

CELLS = np.zeros((3, 60, 60), np.uint32)
CELLS[:, 5:15, 5:25] = 4
CELLS[1:, 30:50, 30:40] = 7
CELLS[1, 30:40, 50:55] = 9
WAIT = 60_000


@pytest.fixture
def panel(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    image = np.arange(CELLS.size, dtype=np.float32).reshape(CELLS.shape)
    grid = {"scale": (2, 0.5, 0.5), "units": ("um",) * 3}
    viewer.add_image(image, name="DNA", **grid)
    viewer.add_labels(CELLS.copy(), name="cells", **grid)
    viewer.add_labels(np.where(CELLS == 9, 0, CELLS), name="prediction", **grid)
    viewer.layers.selection.active = viewer.layers["cells"]
    viewer.dims.set_point(0, 2)
    made = MeasurePanel(Session(viewer))
    viewer.window.add_dock_widget(made)
    yield made
    made._calculator.close()


def test_what_a_network_found_is_not_measured_unless_asked_for(panel):
    viewer = panel._session.viewer
    made = viewer.add_image(np.zeros(CELLS.shape, np.float32), metadata={"cellseg": {"what": "probabilities"}})
    assert [layer.name for layer in panel._images.layers] == ["DNA"]
    panel._images.item(0).setCheckState(Qt.CheckState.Checked)
    assert panel._images.layers[0].name == made.name
    viewer.add_image(np.zeros(CELLS.shape, np.float32), name="actin")  # the list is made anew
    assert [layer.name for layer in panel._images.layers] == ["actin", made.name, "DNA"]


def measured(panel, qtbot):
    qtbot.waitUntil(lambda: not panel._calculator.busy, timeout=WAIT)
    return panel._measuring.table


def areas(panel):
    table = panel._measuring.table
    return dict(zip(table["cell"], table["area_um2"], strict=True))


def test_measure_look_paint_and_save(panel, qtbot, tmp_path):
    viewer, cells = panel._session.viewer, panel.cells
    layer = viewer.layers["cells"]
    panel.measure()
    table = measured(panel, qtbot)
    assert table["cell"].tolist() == [4, 7, 9]
    assert table["plane"].tolist() == [1, 1, 1]
    assert table["area_um2"].tolist() == [50, 50, 12.5]
    assert table["mean_DNA"][2] == pytest.approx(viewer.layers["DNA"].data[1][CELLS[1] == 9].mean())
    assert "cells: <b>3</b>" in cells._summary.text()

    # a row leads to its cell
    cells._view.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    cells._view.selectRow(0)
    assert layer.selected_label == 9
    assert viewer.scene.camera.center[1:] == pytest.approx((34.5 / 2, 26))
    assert overlay(viewer, OUTLINE).data.sum() == 50
    assert viewer.layers.selection.active is layer

    # a cell leads to its row
    layer.selected_label = 7
    assert cells._model.row_of(cells._view.currentIndex().row()) == 1
    assert overlay(viewer, OUTLINE).data.sum() == 200

    # a stroke changes the rows of the cells that it touched
    layer.selected_label = 9
    layer.data_setitem((np.array([1, 1]), np.array([30, 31]), np.array([55, 39])), 9)
    qtbot.waitUntil(lambda: areas(panel) == {4: 50, 7: 49.75, 9: 13}, timeout=WAIT)
    layer.undo()
    qtbot.waitUntil(lambda: areas(panel) == {4: 50, 7: 50, 9: 12.5}, timeout=WAIT)

    # a range hides rows and colours the others
    cells._choose_range(40, 60)
    assert cells._model.rowCount() == 2
    cells._colour.setChecked(True)
    qtbot.waitUntil(lambda: overlay(viewer, SHADES) is not None, timeout=WAIT)
    shown = overlay(viewer, SHADES)
    assert ((shown.data[0] > 0) == np.isin(CELLS[1], [4, 7])).all()
    assert shown.translate.tolist() == [2, 0, 0]
    cells._colour.setChecked(False)
    assert overlay(viewer, SHADES) is None

    cells.save(tmp_path / "cells.csv")
    measured(panel, qtbot)
    header, *rows = (tmp_path / "cells.csv").read_text().splitlines()
    assert header.startswith("cell,plane,area_um2,")
    assert sorted(row.split(",")[0] for row in rows) == ["4", "7"]
    cells.copy()
    measured(panel, qtbot)
    assert QApplication.clipboard().text().startswith("cell\tplane\tarea_um2")

    # every plane, then volumes
    panel._scope.answers.give({"scope": "planes"})
    panel.measure()
    assert measured(panel, qtbot)["plane"].tolist() == [0, 1, 1, 1, 2, 2]
    panel._scope.answers.give({"scope": "volume"})
    panel.measure()
    assert measured(panel, qtbot)["volume_um3"].tolist() == [300, 200, 25]

    viewer.layers.remove(layer)
    assert cells._model.rowCount() == 0


def test_errors_are_shown_and_visited(panel, qtbot):
    viewer, comparison = panel._session.viewer, panel.comparison
    comparison.form.prediction.choose(viewer.layers["prediction"])
    comparison.form.truth.choose(viewer.layers["cells"])
    comparison.form.scope.answers.give({"scope": "planes"})
    comparison.compare()
    qtbot.waitUntil(lambda: overlay(viewer, ERRORS) is not None, timeout=WAIT)
    assert set(np.unique(overlay(viewer, ERRORS).data)) == {0, 1, 2}
    assert "<b>1</b> missed" in comparison._legend.text()
    viewer.dims.set_point(0, 0)
    comparison.step(1)
    assert viewer.dims.point[0] == 2
    assert viewer.scene.camera.center[1:] == pytest.approx((34.5 / 2, 26))
    comparison.step(-1)
    assert comparison._view.currentIndex().row() == 0


def test_what_cannot_be_done_is_said(panel, qtbot, monkeypatch):
    said = []
    monkeypatch.setattr("napari_cellseg.measure.calculator.show_error", said.append)
    viewer = panel._session.viewer
    panel._calculator.ask(
        {"do": "compare", "background": 0, "annotation": False, "by_plane": False},
        {"prediction": lambda: np.zeros((4, 4), int), "truth": lambda: np.zeros((4, 5), int)},
        lambda answer: said.append("answered"),
    )
    measured(panel, qtbot)
    panel._calculator.ask({"do": "measure"}, {"labels": lambda: viewer.nothing_there}, said.append)
    measured(panel, qtbot)
    assert said[0].startswith("the prediction is 4 x 4 and the truth 4 x 5")
    assert said[1].startswith("the layer cannot be read")
    panel._calculator._service.child.kill()
    panel._calculator.ask({"do": "measure"}, {"labels": lambda: CELLS[0]}, said.append)
    measured(panel, qtbot)
    assert "ended unexpectedly" in said[2]

"""The tour of docs/napari.md: the whole way with a picture at each stage. `make tour` puts them into docs/pictures."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from napari_cellseg.annotate.marks import NAME
from PIL import Image
from qtpy.QtWidgets import QTabWidget

from tests.plugins.napari_cellseg.whole_way import Way

SIZE = 1400, 900
COLOURS = 128

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def test_tour(make_napari_viewer, qtbot, tmp_path):
    folder = Path(os.environ.get("CELLSEG_PICTURES") or tmp_path)
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(*SIZE)

    def picture(name: str) -> None:
        qtbot.wait(1000)
        shown = Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)).convert("RGB")
        shown.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"napari-{name}.png", optimize=True)

    way = Way(viewer, qtbot, tmp_path, picture)
    way.begin("blobs", 512)
    way.paint(12)
    picture("annotate")
    way.hand.press("W")
    way.wait(lambda: NAME in viewer.layers)
    picture("next-place")
    viewer.layers[NAME].visible = False
    viewer.reset_view()
    borders = way.dock.show_panel("Borders")
    truth = viewer.add_labels(way.truth.astype(np.uint32), name="truth")
    viewer.layers.selection.active = truth
    borders.borders._show_weights.setChecked(True)
    way.wait(lambda: "border weights" in viewer.layers)
    truth.visible = False
    picture("borders")
    borders.borders._show_weights.setChecked(False)
    viewer.layers.selection.active = way.annotation
    way.annotation.visible = False
    way.train()
    way.segment()
    picture("segment")
    measure = way.dock.show_panel("Measure")
    measure.measure()
    way.wait(lambda: not measure._calculator.busy)
    measure.cells._view.selectRow(3)
    picture("measure")
    viewer.reset_view()
    next(tabs for tabs in measure.findChildren(QTabWidget)).setCurrentIndex(1)
    measure.comparison._truth.setCurrentText("truth")
    measure.comparison._prediction.setCurrentText(way.cells.name)
    measure.comparison.compare()
    way.wait(lambda: not measure._calculator.busy and "errors" in viewer.layers)
    picture("compare")
    way.close()
    assert len(list(folder.glob("napari-*.png"))) >= 7

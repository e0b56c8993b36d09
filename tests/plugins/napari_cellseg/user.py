"""Somebody at the window who paints, clicks and presses keys: for a test, and for the tour."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from napari_cellseg.dock import CellsegDock
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QFileDialog, QPushButton, QWidget
from scipy import ndimage

from tests.plugins.napari_cellseg.project.strokes import on_canvas, settle, stroke

PATIENCE_S = 300
Points = list[tuple[int, int]]


class User:
    """Works in a napari window with the dock; all that changes an image is done with the mouse."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.dock: CellsegDock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]

    def wait(self, condition: Callable[[], object]) -> None:
        """Until something is so."""
        until = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"nothing came of it in {PATIENCE_S} s")
            QTest.qWait(20)

    def click(self, button: QWidget) -> None:
        """Press a button with the mouse."""
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def press(self, key: Qt.Key) -> None:
        """Press a key over the image."""
        QTest.keyClick(self.viewer.window._qt_viewer.canvas.native, key)

    def choose(self, box: QComboBox, index: int) -> None:
        """Choose an entry of a box with the arrow keys."""
        while box.currentIndex() != index:
            QTest.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < index else Qt.Key.Key_Up)

    # annotate

    def new_project(self, folder: Path) -> Any:
        """Make a project of the images that are open; the layer of its annotation."""
        panel = self.dock.show_panel("Annotate")
        with patch.object(QFileDialog, "getSaveFileName", return_value=(str(folder), "")):
            self.click(_named(panel, "New project"))
        self.wait(lambda: panel.annotator.ready)
        layer = panel.annotator.target.layer
        self.viewer.layers.selection.active = layer
        settle(self.viewer)
        return layer

    def paint_cell(self, layer: Any, points: Points) -> int:
        """Paint a new cell; its number."""
        self.press(Qt.Key.Key_N)
        stroke(self.viewer, layer, points)
        return int(layer.selected_label)

    def paint_background(self, layer: Any, points: Points) -> None:
        """Paint pixels that are no cell."""
        self.press(Qt.Key.Key_G)
        stroke(self.viewer, layer, points)

    # train and segment

    def plan(self, **options: Any) -> Any:
        """Have the training planned; the panel, whose start button waits to be pressed."""
        panel = self.dock.show_panel("Train")
        panel.form.set_values(options)
        self.click(panel.plan_button)
        self.wait(lambda: panel.plan_box.isVisibleTo(panel))
        return panel

    def train(self, **options: Any) -> Path:
        """Train to the end; the run folder."""
        panel = self.plan(**options)
        self.click(panel.start_button)
        self.wait(lambda: not panel.trainer.running)
        assert panel.trainer.progress.phase == "finished"
        return Path(panel.trainer.run)

    def segment(self) -> Any:
        """Segment the image that is ticked; the layer of its cells."""
        panel = self.dock.show_panel("Segment")
        self.click(panel.begin.start)
        self.wait(lambda: _has_cells(panel))
        return panel.controller.layers.cells

    def choose_size(self, cells: Any, pixels: int) -> None:
        """Leave out smaller cells; all of the image follow after a moment."""
        panel, before = self.dock.show_panel("Segment"), cells.data
        panel.cells.cut.field("minimum_size").value = pixels
        self.wait(lambda: cells.data is not before and not panel.controller.busy)

    def delete_cell(self, cells: Any, position: Any) -> None:
        """Take a cell out of a result with the bucket: fill it with nothing."""
        self.viewer.layers.selection.active = cells
        cells.mode, cells.selected_label = "fill", 0
        native = self.viewer.window._qt_viewer.canvas.native
        point = on_canvas(self.viewer, cells, position)
        QTest.mouseMove(native, point)
        QTest.mouseClick(native, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)

    def save(self, path: Path) -> None:
        """Save the cells."""
        panel = self.dock.show_panel("Segment")
        with patch.object(QFileDialog, "getSaveFileName", return_value=(str(path), "")):
            self.click(panel.result.save)
        self.wait(lambda: path.exists() and not panel.controller.busy)


def inside(mask: NDArray[np.bool_], radius: int, apart: int | None = None) -> list[Points]:
    """Lines over a region that a brush follows without leaving it: one a row, `apart` rows between them.

    Args:
        mask: (H, W) the region.
        radius: of the brush, in pixels.
        apart: rows between two lines; None = only the longest one.
    """
    core = ndimage.binary_erosion(mask, iterations=radius + 1)
    rows = np.flatnonzero(core.any(axis=1))
    lines = [line for row in (rows if apart is None else rows[::apart]) for line in _runs(core[row], int(row))]
    return sorted(lines, key=len)[-1:] if apart is None else lines


def _runs(row: NDArray[np.bool_], y: int) -> list[Points]:
    edges = np.flatnonzero(np.diff(np.pad(row, 1).astype(np.int8)))
    return [[(y, int(x)) for x in range(start, stop)] for start, stop in edges.reshape(-1, 2)]


def _has_cells(panel: Any) -> bool:
    layers = panel.controller.layers
    return layers is not None and layers.cells is not None and not panel.controller.busy


def _named(panel: QWidget, text: str) -> QPushButton:
    return next(button for button in panel.findChildren(QPushButton) if button.text().startswith(text))

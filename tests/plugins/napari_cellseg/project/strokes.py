"""Strokes of a real mouse on a real canvas; also run as a program that paints until it is killed.

    python strokes.py PROJECT

prints `done K` after stroke K (label K + 2, a line of its own) was finished.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

BRUSH = 9
APART = 14


def on_canvas(viewer, layer, position):
    """Where a position (y, x) of a layer is on the canvas."""
    canvas = viewer.window._qt_viewer.canvas
    world = layer.data_to_world((*viewer.dims.current_step[: layer.ndim - 2], *position))[-2:]
    found = canvas.view.scene.transform.map([*world[::-1], 0, 1])
    return QPoint(*np.round(found[:2] / found[3]).astype(int).tolist())


def stroke(viewer, layer, positions):
    """Press the button at the first position, draw over all, release it."""
    native = viewer.window._qt_viewer.canvas.native
    points = [on_canvas(viewer, layer, position) for position in positions]
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(native, points[0])
    QTest.mousePress(native, left, none, points[0])
    for point in points[1:]:
        QTest.mouseMove(native, point)
        QApplication.processEvents()
    QTest.mouseRelease(native, left, none, points[-1])
    QApplication.processEvents()


def line(number, shape):
    """Positions of stroke `number`: a horizontal line."""
    rows = (shape[-2] - 2 * BRUSH) // APART
    row = BRUSH + APART * (number % rows)
    return [(row, column) for column in range(20, shape[-1] - 20, 15)]


def paint_for_ever(path):
    import napari
    from napari_cellseg.project.layers import open_project

    viewer = napari.Viewer(show=True)
    project = open_project(viewer, Path(path))
    layer = viewer.layers[f"{project.images[0].name} annotation"]
    viewer.layers.selection.active = layer
    layer.mode, layer.brush_size = "paint", BRUSH
    viewer.reset_view()
    QTest.qWait(300)
    first = layer.selected_label
    for number in range(10_000):
        layer.selected_label = first + number
        stroke(viewer, layer, line(first + number, layer.data.shape))
        print(f"done {first + number}", flush=True)


if __name__ == "__main__":
    paint_for_ever(sys.argv[1])

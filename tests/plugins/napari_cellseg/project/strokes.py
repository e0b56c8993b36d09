"""Strokes of a real mouse on a real canvas; also run as a program that paints until it is killed.

    python strokes.py window|layer|cells PROJECT
    python strokes.py recovered IMAGE

paints with the mouse in a window, or without one through the methods that the mouse calls, and prints `done K` when the
stroke with label K, a line of its own, is finished.
"""

from __future__ import annotations

import sys
import time
from itertools import count, pairwise
from pathlib import Path

import numpy as np
from napari_cellseg.project.folder import Project
from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

BRUSH = 9
APART = 14
THROTTLED_MS = 20
"""napari takes a move of the mouse every 5 ms; one that comes sooner, as people's hands never do, may be lost."""


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
    arrived = Arrivals(native)
    QTest.mouseMove(native, points[0])
    QTest.qWait(THROTTLED_MS)
    QTest.mousePress(native, left, none, points[0])
    for point in points[1:]:
        QTest.mouseMove(native, point)
        arrived.wait(point)
    QTest.qWait(THROTTLED_MS)
    QTest.mouseRelease(native, left, none, points[-1])
    QApplication.processEvents()


class Arrivals(QObject):
    """Where the mouse was last told to be: it is moved by way of the display, which may take its time."""

    def __init__(self, native):
        super().__init__(native)
        self.at = None
        native.installEventFilter(self)

    def eventFilter(self, _, event):
        if event.type() == QEvent.Type.MouseMove:
            self.at = event.position().toPoint()
        return False

    def wait(self, point):
        late = time.monotonic() + 5
        QApplication.processEvents()
        while self.at != point and time.monotonic() < late:
            QTest.qWait(5)


def settle(viewer):
    """Wait until the window has its final size, and show all."""
    native, size = viewer.window._qt_viewer.canvas.native, None
    while size != (size := native.size()):
        QTest.qWait(400)
    viewer.reset_view()
    QTest.qWait(100)


def line(number, shape):
    """Positions of stroke `number`: a horizontal line."""
    rows = (shape[-2] - 2 * BRUSH) // APART
    row = BRUSH + APART * (number % rows)
    return [(row, column) for column in range(20, shape[-1] - 20, 15)]


def paint_in_window(project):
    import napari
    from napari_cellseg.project.layers import open_project

    viewer = napari.Viewer(show=True)
    open_project(viewer, project.path)
    layer = viewer.layers[f"{project.images[0].name} annotation"]
    viewer.layers.selection.active = layer
    layer.mode, layer.brush_size = "paint", BRUSH
    settle(viewer)
    paint_for_ever(layer, lambda drawn: stroke(viewer, layer, drawn))


def paint_in_layer(project):
    from napari.layers import Labels

    paint_on(Labels(project.labels(project.images[0])))


def paint_on_cells(project):
    from napari.layers import Labels

    paint_on(Labels(cells_of(project)))


def cells_of(project):
    """The result of the first image, as a window gets it."""
    from napari_cellseg.project.layer_data import layer_data, role_of

    return next(made[0] for made in layer_data(project, project.images[0]) if role_of(made) == "instances")


def paint_on_recovered(image):
    from napari.layers import Labels
    from napari_cellseg.project.recovery import recovery_place

    paint_on(Labels(recovered_cells(recovery_place(image))))


def recovered_cells(folder):
    """The result of an image that is in no project, as a window gets it."""
    from napari_cellseg.pixels.pyramid import kept_pictures
    from napari_cellseg.project import corrections

    kept = next(kept for kept in kept_pictures(folder) if kept.role == "instances")
    return corrections.cells_of(kept.levels, kept.folder, writable=True)[0]


def paint_on(layer):
    layer.mode, layer.brush_size = "paint", BRUSH

    def draw(drawn):
        with layer.block_history():
            for here, there in pairwise(drawn):
                layer._draw(layer.selected_label, here, there)

    paint_for_ever(layer, draw)


def paint_for_ever(layer, draw):
    for label in count(layer.data.max() + 2):
        layer.selected_label = label
        drawn = line(label, layer.data.shape)
        draw(drawn)
        seen = layer._slice.image.raw[drawn[0][0], drawn[1][1] : drawn[-2][1]]
        assert (seen == label).all(), "the mouse missed the canvas"
        print(f"done {label}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "recovered":
        paint_on_recovered(sys.argv[2])
    {"window": paint_in_window, "layer": paint_in_layer, "cells": paint_on_cells}[sys.argv[1]](
        Project.open(Path(sys.argv[2]))
    )

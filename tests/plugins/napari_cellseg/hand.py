"""A hand on mouse and keyboard, in a real window."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

KEYS = {
    "Escape": Qt.Key.Key_Escape,
    "Delete": Qt.Key.Key_Delete,
    "PageDown": Qt.Key.Key_PageDown,
}
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


class Hand:
    """A hand on mouse and keyboard, over the canvas of a viewer."""

    def __init__(self, viewer, qtbot) -> None:
        self.viewer = viewer
        self.canvas = viewer.window._qt_viewer.canvas.native
        self.bot = qtbot

    def _at(self, row: float, column: float) -> QPointF:
        layer = self.viewer.layers.selection.active
        world = np.array(layer.data_to_world((*self.viewer.dims.current_step[: layer.ndim - 2], row, column))[-2:])
        size = np.array([self.canvas.height(), self.canvas.width()])
        y, x = (world - self.viewer.scene.camera.center[-2:]) * self.viewer.scene.camera.zoom + size / 2
        return QPointF(x, y)

    def _send(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        event = QMouseEvent(kind, at, self.canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.canvas, event)
        self.bot.wait(5)

    def drag(self, *points: tuple[float, float]) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        places = [self._at(*point) for point in points]
        self._send(QEvent.Type.MouseMove, places[0], none, none)
        self._send(QEvent.Type.MouseButtonPress, places[0], left, left)
        for place in places[1:]:
            self._send(QEvent.Type.MouseMove, place, none, left)
        self._send(QEvent.Type.MouseButtonRelease, places[-1], left, none)

    def point(self, row: float, column: float) -> None:
        self._send(QEvent.Type.MouseMove, self._at(row, column), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)

    def press(self, key: str, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.canvas, KEYS.get(key) or getattr(Qt.Key, f"Key_{key}"), modifier)
        self.bot.wait(10)

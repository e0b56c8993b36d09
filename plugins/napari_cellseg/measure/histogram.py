"""The distribution of a column, with two handles that choose a range of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cellseg.measure.table import counts_in_bins, number_text

CHOSEN, LEFT_OUT = QColor("#56B4E9"), QColor("#808080")
MARGIN = 6
FOOT = 16


class Histogram(QWidget):
    """Bars of a column's values; what lies between the handles is chosen."""

    range_changed = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self._counts, self._low, self._high = counts_in_bins(np.zeros(0))
        self._range = (self._low, self._high)
        self._held: int | None = None
        self.setMinimumHeight(90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("How the cells are distributed; drag the two handles to choose a range")

    def show_values(self, values: NDArray[Any], chosen: tuple[float, float]) -> None:
        """Show (n,) values, and the range that is chosen of them."""
        self._counts, self._low, self._high = counts_in_bins(values)
        self.show_range(*chosen)

    def show_range(self, low: float, high: float) -> None:
        """Move the handles without telling so."""
        self._range = (low, high)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 100)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().windowText().color()
        bottom, width = self.height() - FOOT, self._width() / len(self._counts)
        edges = np.linspace(self._low, self._high, len(self._counts) + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for k, count in enumerate(self._counts):
            inside = edges[k + 1] >= self._range[0] and edges[k] <= self._range[1]
            painter.setBrush(CHOSEN if inside else LEFT_OUT)
            tall = (bottom - MARGIN) * count / max(int(self._counts.max()), 1)
            painter.drawRect(QRectF(MARGIN + k * width, bottom - tall, max(width - 1, 1), tall))
        for value in self._range:
            x = self._x(value)
            painter.setPen(QPen(text, 1))
            painter.drawLine(QPointF(x, MARGIN), QPointF(x, bottom))
            painter.setBrush(text)
            painter.drawPolygon(
                QPolygonF([QPointF(x, bottom - 6), QPointF(x - 5, bottom + 3), QPointF(x + 5, bottom + 3)])
            )
        painter.setPen(text)
        foot = QRectF(MARGIN, bottom + 3, self._width(), FOOT - 3)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, number_text(self._low))
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, number_text(self._high))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            x = event.position().x()
            low, high = (abs(x - self._x(value)) for value in self._range)
            self._held = int(high < low or (high == low and x > self._x(self._range[1])))
            self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._held is not None:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._held = None

    def _drag(self, x: float) -> None:
        share = min(max((x - MARGIN) / self._width(), 0.0), 1.0)
        value = self._low + share * (self._high - self._low)
        low, high = self._range
        self._range = (min(value, high), high) if self._held == 0 else (low, max(value, low))
        self.update()
        self.range_changed.emit(*self._range)

    def _width(self) -> float:
        return max(self.width() - 2 * MARGIN, 1)

    def _x(self, value: float) -> float:
        span = self._high - self._low or 1.0
        return MARGIN + min(max((value - self._low) / span, 0.0), 1.0) * self._width()

"""Loss and scores of a training, drawn as it goes on.

Lines painted by Qt, a few kilobytes of drawing at most twice a second.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from qtpy.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cellseg.train.curve_lines import placed, thinned, upper_limit
from napari_cellseg.train.progress import SCORES, TrainingProgress

DRAW_EVERY_MS = 500
COLOURS = {"loss": "#56b4e9", "iou": "#e69f00", "ap50": "#009e73", "v_rand": "#cc79a7", "v_both": "#d55e00"}
"""Okabe and Ito's, which colour-blind people tell apart."""
_GAP = 8


class Curves(QWidget):
    """The loss above, the scores of the validations below."""

    def __init__(self) -> None:
        super().__init__()
        self._progress = TrainingProgress()
        self._changed = False
        self.setMinimumHeight(170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Above the loss of each step (smoothed), below the scores on what is held out.")
        self._timer = QTimer(self)
        self._timer.setInterval(DRAW_EVERY_MS)
        self._timer.timeout.connect(self._draw)

    def sizeHint(self) -> QSize:
        """As wide as the dock."""
        return QSize(300, 190)

    def show_progress(self, progress: TrainingProgress) -> None:
        """Draw this training; at most twice a second."""
        self._progress, self._changed = progress, True
        if not self._timer.isActive():
            self._draw()
            self._timer.start()

    def _draw(self) -> None:
        if not self._changed:
            self._timer.stop()
            return
        self._changed = False
        self.update()

    def paintEvent(self, _event: Any) -> None:
        """Two pictures, the lower one only where something is held out."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        progress, line = self._progress, QFontMetrics(self.font()).height()
        halves = 2 if progress.scores else 1
        height = (self.height() - line - _GAP * (halves - 1)) / halves
        losses = thinned(progress.losses)
        top = upper_limit([value for _, value in losses])
        self._picture(painter, QRectF(0, 0, self.width(), height), f"loss, 0 to {top:g}", {"loss": losses}, top)
        if progress.scores:
            lower = QRectF(0, height + _GAP, self.width(), height)
            curves = {name: thinned(points) for name, points in progress.scores.items()}
            self._picture(painter, lower, "score, 0 to 1", curves, 1.0)
        self._foot(painter, QRectF(0, self.height() - line, self.width(), line))
        painter.end()

    def _foot(self, painter: QPainter, box: QRectF) -> None:
        """The axis of steps."""
        steps = self._progress.steps
        painter.setPen(self.palette().text().color())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(box, Qt.AlignmentFlag.AlignRight, f"{steps:,} steps" if steps else "steps")

    def _picture(self, painter: QPainter, box: QRectF, title: str, curves: dict[str, Any], high: float) -> None:
        text = self.palette().text().color()
        frame = QColor(text)
        frame.setAlphaF(0.3)
        painter.setPen(QPen(frame, 1))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        for name, points in curves.items():
            self._curve(painter, box, name, points, high)
        self._names(painter, box, title, curves)

    def _curve(self, painter: QPainter, box: QRectF, name: str, points: Any, high: float) -> None:
        """A line, with a dot at each score."""
        inner = (box.left() + 2, box.top() + 2, box.width() - 4, box.height() - 4)
        painter.setPen(QPen(QColor(COLOURS[name]), 2))
        spots = [QPointF(*xy) for xy in placed(points, inner, self._progress.steps, 0.0, high)]
        painter.drawPolyline(QPolygonF(spots))
        for spot in spots if name != "loss" else ():
            painter.drawEllipse(spot, 2, 2)

    def _names(self, painter: QPainter, box: QRectF, title: str, curves: dict[str, Any]) -> None:
        """Names of the curves in their colours, side by side, and the title, which names the loss."""
        metrics, at = QFontMetrics(self.font()), box.left() + 6.0
        named = [(SCORES[name], QColor(COLOURS[name])) for name in curves if name != "loss"]
        for words, colour in [*named, (title, self.palette().text().color())]:
            painter.setPen(colour)
            painter.drawText(QPointF(at, box.top() + metrics.height()), words)
            at += metrics.horizontalAdvance(words) + 10

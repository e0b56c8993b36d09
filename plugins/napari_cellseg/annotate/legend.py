"""Legend of the colours of an annotation."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_cellseg.project.colours import BACKGROUND_RGBA, CELL_HUES

_SIDE = 14
_MEANINGS = (
    ("not annotated", "0: nobody said what this is; it does not count in training."),
    ("background", "1: known to be no cell."),
    ("cells", "2 and up: every cell has a number and a colour of its own; colours come again after 254 cells."),
)


class Legend(QWidget):
    """A row of small fields with their meanings."""

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for (words, tip), picture in zip(_MEANINGS, (_empty(), _background(), _cells()), strict=True):
            field = QLabel()
            field.setPixmap(picture)
            text = QLabel(words)
            for part in (field, text):
                part.setToolTip(tip)
                layout.addWidget(part)
        layout.addStretch()


def icon(rgba: tuple[float, ...]) -> QIcon:
    """A field in a colour, for a label or a button."""
    picture = _blank(_SIDE)
    picture.fill(QColor.fromRgbF(*rgba))
    return QIcon(picture)


def icon_size() -> QSize:
    """Size of a legend's icon in pixels."""
    return QSize(_SIDE, _SIDE)


def _blank(width: int) -> QPixmap:
    picture = QPixmap(width, _SIDE)
    picture.fill(QColor(0, 0, 0, 0))
    return picture


def _empty() -> QPixmap:
    """A frame with nothing in it."""
    picture = _blank(_SIDE)
    painter = QPainter(picture)
    painter.setPen(QColor(140, 140, 140))
    painter.drawRect(0, 0, _SIDE - 1, _SIDE - 1)
    painter.end()
    return picture


def _background() -> QPixmap:
    """The muted colour, hatched so that it is told from a cell also without seeing colours."""
    picture = _blank(_SIDE)
    painter = QPainter(picture)
    colour = QColor.fromRgbF(*BACKGROUND_RGBA)
    painter.fillRect(picture.rect(), colour)
    colour.setAlpha(255)
    painter.fillRect(picture.rect(), QBrush(colour, Qt.BrushStyle.BDiagPattern))
    painter.end()
    return picture


def _cells() -> QPixmap:
    """The first colours side by side."""
    shown = CELL_HUES[:4]
    picture = _blank(_SIDE * 2)
    painter = QPainter(picture)
    for number, hue in enumerate(shown):
        painter.fillRect(number * 2 * _SIDE // len(shown), 0, 2 * _SIDE // len(shown) + 1, _SIDE, QColor.fromRgbF(*hue))
    painter.end()
    return picture

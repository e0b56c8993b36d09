"""Pieces of forms that all panels share; what is too wide or too tall for the dock shrinks, folds or scrolls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

_LETTERS = 6
"""A combo box is at least so wide; a long word in it must not make the dock wider."""


def button(text: str, tip: str, do: Callable[[], object] | None = None) -> QPushButton:
    """A button, and what it does."""
    made = QPushButton(text)
    made.setToolTip(tip)
    if do is not None:
        made.clicked.connect(lambda: do())  # without the state that Qt sends along
    return made


def slim_button(text: str, tip: str, do: Callable[[], object] | None = None) -> QPushButton:
    """A button that is as narrow as there is room, and takes no keys from the canvas."""
    made = button(text, tip, do)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return made


def combo(tip: str, choices: Mapping[Any, str] | None = None) -> QComboBox:
    """A box to choose from: values, and what people call them."""
    box = QComboBox()
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(_LETTERS)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    for value, words in (choices or {}).items():
        box.addItem(words, value)
    return box


def text_line(text: str = "") -> QLabel:
    """Words that go on in the next line where the dock is narrow."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


def row(*widgets: QWidget) -> QWidget:
    """Widgets side by side."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return made


def column(*widgets: QWidget, parent: QWidget | None = None, above: int = 0) -> QWidget:
    """Widgets one below the other.

    Args:
        widgets: from the top.
        parent: what they fill; by default a widget of their own.
        above: pixels that stay free.
    """
    made = QWidget() if parent is None else parent
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, above, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return made


def form(parent: QWidget | None = None, *, flush: bool = True) -> QFormLayout:
    """Rows of a name and a widget that grows.

    Args:
        parent: what they fill.
        flush: without a margin.
    """
    made = QFormLayout(parent)
    if flush:
        made.setContentsMargins(0, 0, 0, 0)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    made.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    return made


def fold(title: str, tip: str, *contents: QWidget) -> QCollapsible:
    """Widgets that are folded away below a title."""
    made = QCollapsible(title, expandedIcon="▾", collapsedIcon="▸")
    made.setToolTip(tip)
    made.setDuration(0)
    made.layout().setContentsMargins(0, 0, 0, 0)
    for widget in contents:
        made.addWidget(widget)
    return made


def scrolled(content: QWidget, *, sideways: bool = False) -> QScrollArea:
    """Scroll area around what is too tall for the dock.

    Args:
        content: as wide as the dock.
        sideways: it may be too wide as well.
    """
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    if not sideways:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


def later(parent: QObject, milliseconds: int, do: Callable[[], object]) -> QTimer:
    """A timer that does something once, so long after it was started last."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(do)
    return timer

"""All keys of the annotation, folded away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_cellseg.annotate.keys import ACTIONS, shown
from napari_cellseg.widgets import fold


def key_table() -> QWidget:
    """A table of keys and of what they do."""
    table = QTableWidget(len(ACTIONS), 2)
    for line, action in enumerate(ACTIONS):
        for place, text in enumerate((shown(action.key), action.tip.partition(".")[0])):
            item = QTableWidgetItem(text)
            item.setToolTip(action.tip)
            table.setItem(line, place, item)
    table.setHorizontalHeaderLabels(["Key", "Does"])
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setMinimumHeight(260)
    return fold("Keys", "They work while the annotation is the active layer and the mouse is over the image.", table)

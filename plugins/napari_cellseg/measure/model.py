"""A table of cells as Qt shows it: sorted by any column, filtered, thousands of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from cellseg import CellTable
from napari_cellseg.measure.table import number_text, title, word_of

Words = dict[str, Callable[[float], str]]


class CellModel(QAbstractTableModel):
    """Rows of a table in the order chosen, without those that a filter hides."""

    def __init__(self, words: Words | None = None) -> None:
        super().__init__()
        self.table = CellTable((), np.zeros((0, 0)))
        self._words = words or {}
        self._shown: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._order: NDArray[np.intp] = np.zeros(0, np.intp)
        self._by, self._down = 0, False

    def show(self, table: CellTable, shown: NDArray[np.bool_] | None = None) -> None:
        """Show another table, or other rows of it; the order stays as it was chosen."""
        same = table.columns == self.table.columns
        self.layoutAboutToBeChanged.emit() if same else self.beginResetModel()
        self.table, self._shown = table, np.ones(len(table), np.bool_) if shown is None else shown
        if not same:
            self._by, self._down = 0, False
        self._arrange()
        self.layoutChanged.emit() if same else self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._by, self._down = max(column, 0), order == Qt.SortOrder.DescendingOrder
        self._arrange()
        self.layoutChanged.emit()

    def row_of(self, line: int) -> int:
        """The table's row that is shown in a line."""
        return int(self._order[line])

    def line_of(self, row: int) -> int | None:
        """The line in which a row of the table is shown; None where it is hidden."""
        found = np.flatnonzero(self._order == row)
        return int(found[0]) if found.size else None

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.table.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        name = self.table.columns[index.column()]
        value = float(self.table.values[self._order[index.row()], index.column()])
        if name in self.table.words:
            return word_of(value, self.table.words[name])
        return self._words.get(name, number_text)(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.table.columns):
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{title(self.table.columns[section])}: click to sort"
        return title(self.table.columns[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def _arrange(self) -> None:
        rows = np.flatnonzero(self._shown)
        if self.table.columns:
            values = self.table.values[rows, self._by]
            rows = rows[np.argsort(-values if self._down else values, kind="stable")]
        self._order = rows

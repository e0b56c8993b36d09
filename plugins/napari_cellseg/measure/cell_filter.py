"""Filter of the cells of a table: those within ranges of its columns are shown. Knows no window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg import CellGrid, CellTable
from napari_cellseg.measure.table import in_ranges, summary

Range = tuple[float, float]
_SIZES = ("area", "volume")
MEASURE_FIRST = "Choose the labels above and press Measure."


class CellFilter:
    """A table, the column that is looked at, and the range that is chosen in each column."""

    def __init__(self) -> None:
        self.column = ""
        self._table = CellTable((), np.zeros((0, 0)))
        self._ranges: dict[str, Range] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table."""
        return self._table.columns

    def take(self, table: CellTable) -> bool:
        """Show another table; whether its columns are others. With the same columns ranges stay."""
        other = table.columns != self._table.columns
        self._table = table
        if other:
            self._ranges.clear()
        if self.column not in table.columns:
            self.column = _first_column(table.columns)
        return other

    @property
    def limits(self) -> Range:
        """The least and the largest value of the column."""
        values = self._table[self.column]
        finite = values[np.isfinite(values)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)

    @property
    def chosen(self) -> Range:
        """The range that is chosen in the column."""
        return self._ranges.get(self.column, self.limits)

    def choose(self, one: float, other: float) -> Range:
        """Show only cells between two values of the column."""
        self._ranges[self.column] = (min(one, other), max(one, other))
        return self._ranges[self.column]

    def choose_all(self) -> None:
        """Show all cells again."""
        self._ranges.clear()

    @property
    def rows(self) -> NDArray[np.bool_]:
        """(rows,) bool: the cells that are shown."""
        return in_ranges(self._table, self._ranges)

    def summary(self, grid: CellGrid, pixels: int) -> str:
        """Number and sizes of the cells that are shown, as a rich text."""
        if not self.columns:
            return MEASURE_FIRST
        shown = self.rows
        told = summary(self._table, shown, grid, pixels)
        if not shown.all():
            told[0] = (told[0][0], f"{told[0][1]} of {len(self._table):,} in range")
        return "<br>".join(f"{word}: <b>{value}</b>" for word, value in told)


def _first_column(columns: tuple[str, ...]) -> str:
    """The column that is looked at first: the size of the cells, where it is there."""
    sizes = [name for name in columns if name.startswith(_SIZES)]
    return next(iter((*sizes, *columns)), "")

"""A table with a row a cell, and how it is written."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.files import complete_file

DIGITS = 10
"""Significant digits in a file: as many as the largest cell number of 32 bits has."""


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """Named columns of numbers."""

    columns: tuple[str, ...]
    """Names, each with its unit at the end where it has one: `area_um2`, `area_px`, `eccentricity`."""
    values: NDArray[np.float64]
    """(rows, columns); nan where a cell has no such value."""

    def __post_init__(self) -> None:
        assert self.values.shape[1:] == (len(self.columns),)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """(rows,) the values of a column.

        Raises:
            InputError: there is no such column.
        """
        if column not in self.columns:
            raise InputError(f"the table has no column {column}", f"It has: {', '.join(self.columns)}.")
        values: NDArray[np.float64] = self.values[:, self.columns.index(column)]
        return values

    def write(self, path: Path, delimiter: str = ",") -> None:
        """All rows as CSV with a header, in one piece; an empty field for nan.

        Raises:
            InputError: the file cannot be written.
        """
        with complete_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([field_of(value) for value in row] for row in self.values.tolist())


def joined(tables: list[CellTable]) -> CellTable:
    """The rows of all tables, which have the same columns."""
    return CellTable(tables[0].columns, np.concatenate([table.values for table in tables]))


def from_columns(columns: dict[str, NDArray[Any]], rows: int) -> CellTable:
    """A table of columns (rows,) by name."""
    values = np.empty((rows, len(columns)))
    for number, column in enumerate(columns.values()):
        values[:, number] = column
    return CellTable(tuple(columns), values)


def field_of(value: float) -> str:
    """A number as it stands in a file; empty for nan."""
    return "" if value != value else f"{value:.{DIGITS}g}"

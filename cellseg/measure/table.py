"""A table with a row a cell, and how it is written."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that the numbers 1, 2, ... of a column stand for; 0 stands for none."""

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
            writer.writerows(rows_of(self.values.tolist(), [self.words.get(name) for name in self.columns]))


def joined(tables: list[CellTable]) -> CellTable:
    """The rows of all tables, which have the same columns."""
    return CellTable(tables[0].columns, np.concatenate([table.values for table in tables]), tables[0].words)


def from_columns(columns: dict[str, NDArray[Any]], rows: int) -> CellTable:
    """A table of columns (rows,) by name."""
    values = np.empty((rows, len(columns)))
    for number, column in enumerate(columns.values()):
        values[:, number] = column
    return CellTable(tuple(columns), values)


def with_words(table: CellTable, place: int, name: str, numbers: NDArray[Any], words: tuple[str, ...]) -> CellTable:
    """A table with one more column at a place, (rows,) numbers from 1 on that stand for words, 0 for none."""
    columns = (*table.columns[:place], name, *table.columns[place:])
    return CellTable(columns, np.insert(table.values, place, numbers, axis=1), {**table.words, name: words})


def rows_of(values: Sequence[Sequence[float]], words: Sequence[tuple[str, ...] | None]) -> Iterator[list[str]]:
    """Rows as they stand in a file; `words`: of each column those that its numbers stand for, if they do."""
    return ([field_of(value, told) for value, told in zip(row, words, strict=True)] for row in values)


def field_of(value: float, words: tuple[str, ...] | None = None) -> str:
    """A number as it stands in a file, or the word that it stands for; empty for nan, and for no word."""
    if value != value:
        return ""
    if words is None:
        return f"{value:.{DIGITS}g}"
    return words[int(value) - 1] if 0 < value <= len(words) else ""

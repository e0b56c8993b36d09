"""One table of the cells of many images, written as they come: what was measured waits in a file beside it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cellseg.files import complete_file, spool_beside
from cellseg.measure.table import CellTable, rows_of

IMAGE = "image"
"""Column with the name of the image."""


@dataclass(slots=True)
class GrowingTable:
    """Rows of many images, which may have different columns; a cell has no value in those of other images."""

    spool: BinaryIO
    """Values of the parts, one after the other."""
    parts: list[tuple[str, tuple[str, ...], Mapping[str, tuple[str, ...]]]] = field(default_factory=list)
    """Image and columns of each part, and words that numbers of columns stand for."""
    cells: int = 0

    def add(self, image: str, table: CellTable) -> None:
        """Add the cells of an image, or of a part of it."""
        np.save(self.spool, table.values, allow_pickle=False)
        self.parts.append((image, table.columns, table.words))
        self.cells += len(table)

    def write(self, path: Path) -> None:
        """All rows as CSV, in one piece: the image, then the columns of all parts.

        Raises:
            InputError: it cannot be written.
        """
        self.spool.seek(0)
        names = list(dict.fromkeys(name for _, columns, _ in self.parts for name in columns))
        with complete_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([IMAGE, *names])
            for image, columns, words in self.parts:
                values = np.load(self.spool, allow_pickle=False)
                rows = rows_of(values.tolist(), [words.get(name) for name in columns])
                writer.writerows([image, *row] for row in _arranged(rows, columns, names))


def _arranged(rows: Iterator[list[str]], columns: tuple[str, ...], names: list[str]) -> Iterator[list[str]]:
    """Rows in the columns of the file."""
    places = [columns.index(name) if name in columns else None for name in names]
    return (["" if place is None else row[place] for place in places] for row in rows)


@contextmanager
def growing_table(path: Path) -> Iterator[GrowingTable]:
    """A table that is filled inside the block; it is there when the block ends without an error."""
    with spool_beside(path) as file:
        yield (table := GrowingTable(file))
        table.write(path)

"""Classes of the cells of a label image, such as neuron and glia: a small table beside the file, NAME-classes.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from cellseg.arrays import Array, Int64
from cellseg.errors import InputError, reading
from cellseg.files import complete_file, linked_place, right_before, writing
from cellseg.images.listing import stem

COLUMNS = ("plane", "cell", "class_number", "class")
HIGHEST = 254
"""Class number, as of labels."""


@dataclass(frozen=True, slots=True, eq=False)
class CellClasses:
    """Class of each cell, plane by plane."""

    names: tuple[str, ...]
    """Names of the classes 1, 2, ...; 0 is no class."""
    rows: Int64
    """(n, 3) plane, cell and class of each cell; planes are counted through from 0."""

    @classmethod
    def beside(cls, labels: Path) -> Self | None:
        """Classes of the cells in a file; None where it has none.

        Raises:
            InputError: the table is damaged.
        """
        file = classes_file(labels)
        if not file.is_file():
            return None
        with reading(file, "is no table of classes of cells", f"Its columns are {', '.join(COLUMNS)}, or remove it."):
            with open(file, encoding="utf-8-sig", newline="") as lines:
                found = [[row[name] for name in COLUMNS] for row in csv.DictReader(lines)]
            rows = np.array([[int(word) for word in words[:3]] for words in found if words[1]], np.int64).reshape(-1, 3)
            named = {int(number): name for *_, number, name in found}
            if not all(0 < number <= HIGHEST and name for number, name in named.items()):
                raise ValueError(f"class numbers go from 1 to {HIGHEST}, and each has a name")
            for _, cell, number, name in found:
                if named[int(number)] != name:
                    raise ValueError(f"class {number} is {named[int(number)]} and, of cell {cell}, {name}")
            return cls(tuple(named.get(k, str(k)) for k in range(1, max(named, default=0) + 1)), rows)

    def write_beside(self, labels: Path) -> None:
        """Write the table beside a file of cells, in one piece; a class that no cell has gets a row without a cell.

        Raises:
            InputError: it cannot be written.
        """
        with self.written_beside(labels):
            pass

    @contextmanager
    def written_beside(self, labels: Path) -> Iterator[None]:
        """As `write_beside`, but the table appears when the block ends; where it fails an earlier one stays.

        An earlier one goes right before cells that are written within the block replace the former.

        Raises:
            InputError: it cannot be written.
        """
        with complete_file(classes_file(labels)) as temporary:
            with open(temporary, "w", encoding="utf-8", newline="") as lines:
                writer = csv.writer(lines, lineterminator="\n")
                writer.writerow(COLUMNS)
                writer.writerows((*row, self.names[row[2] - 1]) for row in self.rows.tolist() if row[2])
                unused = set(range(1, len(self.names) + 1)) - set(self.rows[:, 2].tolist())
                writer.writerows(("", "", number, self.names[number - 1]) for number in sorted(unused))
            with table_goes_with(labels):
                yield

    @staticmethod
    def forget(labels: Path) -> None:
        """Remove the table beside a file of cells, if there is one: the cells are others now. Other tables stay.

        Raises:
            InputError: it cannot be removed.
        """
        file = classes_file(labels)
        if is_classes_file(file):
            with writing(file):
                file.unlink(missing_ok=True)

    def of(self, cells: Array | Sequence[int], planes: Iterable[int] = (0,)) -> Int64:
        """Class numbers (n,) of cells (n,) that lie in planes; 0 where none is known."""
        mine = self.rows[np.isin(self.rows[:, 0], [*planes])]
        mine = mine[np.argsort(mine[:, 1], kind="stable")]
        numbers, wanted = np.append(mine[:, 1], -1), np.asarray(cells, np.int64)
        at = np.searchsorted(numbers[:-1], wanted)
        return np.where(numbers[at] == wanted, np.append(mine[:, 2], 0)[at], 0)

    def at_planes(self, places: Int64) -> Self:
        """The same cells where plane k lies at places[k]."""
        rows = self.rows.copy()
        rows[:, 0] = places[rows[:, 0]]
        return type(self)(self.names, rows[np.lexsort((rows[:, 1], rows[:, 0]))])

    def in_planes(self, planes: Sequence[int]) -> Self:
        """Those of some planes, which are counted anew in this order."""
        rows = self.rows[np.isin(self.rows[:, 0], planes)]
        rows[:, 0] = [planes.index(plane) for plane in rows[:, 0].tolist()]
        return type(self)(self.names, rows)

    def carried_over(self, plane: int, before: Array, after: Array) -> Int64:
        """Rows (n, 3) of the cells of a plane that was changed: each has the class of what most of its pixels were.

        Args:
            plane: counted through from 0.
            before: (H, W) cell numbers as the table knows them.
            after: (H, W) as they are now.
        """
        both = np.stack([after, before], axis=-1)[(after > 0) & (before > 0)].astype(np.int64)
        pairs, counts = np.unique(both.reshape(-1, 2), axis=0, return_counts=True)
        pairs = pairs[np.argsort(-counts, kind="stable")]
        cells, first = np.unique(pairs[:, 0], return_index=True)
        numbers = self.of(pairs[first, 1], [plane])
        rows = np.column_stack([np.full(len(cells), plane), cells, numbers])
        return rows[numbers > 0]


@contextmanager
def table_goes_with(labels: Path) -> Iterator[None]:
    """Remove the table of a file of cells right before it is replaced by what is written within the block."""

    def remove() -> None:
        file = linked_place(classes_file(labels))  # a link stays, for the new table
        if is_classes_file(file):
            with writing(file):
                file.unlink(missing_ok=True)

    with right_before(labels, remove):
        yield


@contextmanager
def classes_beside(labels: Path, classes: CellClasses | None) -> Iterator[None]:
    """Write cells and, right behind them, their classes; the table of an earlier file goes right before that file does.

    A program that is killed in between leaves cells without a table, never those of one file beside the other's table.
    """
    if classes is None:
        with table_goes_with(labels):
            yield
        CellClasses.forget(labels)
        return
    with classes.written_beside(labels):
        yield


def refuse_table_of_another(labels: Path) -> None:
    """Raise InputError where the table beside a new file of cells is that of a file with another ending."""
    table = classes_file(labels)
    if labels.exists() or not is_classes_file(table):
        return
    others = [file for file in table.parent.iterdir() if file != table and stem(file) == stem(labels)]
    if others:
        raise InputError(f"{table.name} holds the classes of {others[0].name}", "Choose another name.", path=labels)


def classes_file(labels: Path) -> Path:
    """The table of classes of a file of cells."""
    return labels.with_name(f"{stem(labels)}-classes.csv")


def is_classes_file(path: Path) -> bool:
    """True of a table of classes of cells, whole or damaged; False of any other file."""
    with suppress(OSError), open(path, "rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").startswith(",".join(COLUMNS).encode())
    return False

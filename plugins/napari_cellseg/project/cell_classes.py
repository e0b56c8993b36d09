"""Classes of annotated or predicted cells, such as neuron and glia: kept beside the cells, safe when they are given.

A cell goes by its plane and its number. What nobody gave a class has none, and no default takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

import cellseg
from cellseg.arrays import UInt8
from napari_cellseg.annotation import is_annotation, notes_on
from napari_cellseg.project.store import LabelStore

MOST_CLASSES = 7
"""So many colours people with any colour blindness can tell apart."""
PlaneCell = tuple[int, int]
"""Plane and number of a cell."""


class CellClassTable:
    """Classes of the cells of one image; every change is in its file before it is told."""

    def __init__(self, labels: Path, names: tuple[str, ...], beneath: Path | None = None, *, writable: bool) -> None:
        """Classes beside labels, NAME-classes.csv.

        Args:
            labels: the cells, a file or a folder.
            names: of the classes 1, 2, ...
            beneath: labels whose classes are read where nobody changed one yet.
            writable: classes may be given.

        Raises:
            InputError: the file is damaged.
        """
        self.names, self.writable = names, writable
        self._labels = labels
        self._brush: tuple[int, int] | None = None
        found = cellseg.CellClasses.beside(labels)
        if found is None and beneath is not None:
            found = cellseg.CellClasses.beside(beneath)
        self._given: dict[PlaneCell, str] = {} if found is None else _named(found)
        self._kinds: dict[int, UInt8] = {}

    def of(self, plane: int, number: int) -> int:
        """Class of a cell, 1 and up; 0 where it has none, or one that the project does not name."""
        return self._number(self._given.get((plane, number), ""))

    def name_of(self, plane: int, number: int) -> str:
        """Name of the class of a cell; empty where it has none."""
        return self._given.get((plane, number), "")

    def anywhere(self, number: int) -> int:
        """Class of a cell in any plane; 0 where it has none."""
        return next((self._number(name) for (_, cell), name in self._given.items() if cell == number), 0)

    def give(self, kinds: Mapping[PlaneCell, int]) -> bool:
        """Give cells a class each, 0 for none; False where they had it.

        Raises:
            InputError: it cannot be written; nothing is changed then.
        """
        new = {cell: self.names[kind - 1] if kind else "" for cell, kind in kinds.items()}
        new = {cell: name for cell, name in new.items() if self._given.get(cell, "") != name}
        if not new or not self.writable:
            return False
        self._replace({cell: name for cell, name in {**self._given, **new}.items() if name})
        return True

    def take(self, classes: cellseg.CellClasses) -> None:
        """Let all cells have the classes that they have there, and no other."""
        if self.writable:
            self._replace(_named(classes))

    def rename(self, names: tuple[str, ...]) -> None:
        """Take other names. As many as before: a new one takes the place of an old; else cells go by their names."""
        old, self.names = self.names, names
        pairs = zip(old, names, strict=False)
        renamed = {a: b for a, b in pairs if a not in names and b not in old} if len(old) == len(names) else {}
        if renamed and self.writable:
            self._replace({cell: renamed.get(name, name) for cell, name in self._given.items()})
        self._kinds.clear()

    def hold(self, brush: tuple[int, int] | None) -> None:
        """Show the number of a cell that is not there yet in the class that it will have."""
        self._brush = brush
        self._kinds.clear()

    def kinds(self, plane: int) -> UInt8:
        """(n,) class of each number of a plane, the last one for all that are higher."""
        if plane not in self._kinds:
            mine = {number: self._number(name) for (at, number), name in self._given.items() if at == plane}
            mine.update([self._brush] if self._brush is not None else ())
            kinds = np.zeros(max(mine, default=0) + 2, np.uint8)
            kinds[list(mine)] = list(mine.values())
            self._kinds[plane] = kinds
        return self._kinds[plane]

    def as_classes(self, cells: Iterable[PlaneCell] | None = None) -> cellseg.CellClasses:
        """Classes of some cells, or of all, as the library writes them."""
        wanted = self._given if cells is None else {cell: name for cell in cells if (name := self._given.get(cell))}
        return _classes(wanted, self.names)

    def _number(self, name: str) -> int:
        return self.names.index(name) + 1 if name in self.names else 0

    def _replace(self, given: dict[PlaneCell, str]) -> None:
        _classes(given, self.names).write_beside(self._labels)
        self._given = given
        self._kinds.clear()


def _named(classes: cellseg.CellClasses) -> dict[PlaneCell, str]:
    return {(plane, cell): classes.names[kind - 1] for plane, cell, kind in classes.rows.tolist()}


def _classes(given: Mapping[PlaneCell, str], names: tuple[str, ...]) -> cellseg.CellClasses:
    """Classes of cells by name; names that the project does not have any more come after those it has."""
    every = (*names, *sorted(set(given.values()) - set(names)))
    rows = [(plane, cell, every.index(name) + 1) for (plane, cell), name in sorted(given.items())]
    return cellseg.CellClasses(every, np.array(rows, np.int64).reshape(-1, 3))


_open: WeakValueDictionary[Path, CellClassTable] = WeakValueDictionary()


def open_classes(
    labels: Path, names: tuple[str, ...], beneath: Path | None = None, *, writable: bool = True
) -> CellClassTable:
    """The table beside labels; who asks again gets the same one. Arguments are those of `CellClassTable`."""
    table = _open.get(labels.resolve())
    if table is None:
        table = _open[labels.resolve()] = CellClassTable(labels, names, beneath, writable=writable)
    elif table.names != names:
        table.rename(names)
    return table


def classes_of(layer: Any, names: tuple[str, ...]) -> CellClassTable | None:
    """Classes of the cells of a layer; None where there are none.

    Args:
        layer: an annotation of a project, or a result.
        names: classes that the project asks for; a result has those of its model.

    Raises:
        InputError: the file is damaged.
    """
    stored = isinstance(layer.data, LabelStore)
    if is_annotation(layer):
        return open_classes(layer.data.folder, names, writable=layer.data.writable) if names and stored else None
    note = notes_on(layer).get("classes")
    if not note:
        return None
    beneath = Path(note)
    found = cellseg.CellClasses.beside(beneath)
    if found is None:
        return None
    labels, writable = (layer.data.folder, layer.data.writable) if stored else (beneath, False)
    return open_classes(labels, found.names, beneath, writable=writable)

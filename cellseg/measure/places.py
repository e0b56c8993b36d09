"""Cells of one plane or volume of a stack, in physical units, with columns that tell where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cellseg.arrays import Array
from cellseg.measure.cells import measure_cells
from cellseg.measure.table import CellTable

COLUMNS = {"T": "frame", "Z": "plane"}
"""Columns of axes; those of other letters are `axis_p` and so on."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Grid of a stack on which its cells are measured."""

    spacing: tuple[float, ...]
    """Size of a pixel in `unit`, axes (Y, X) or (Z, Y, X): as many as are measured together."""
    unit: str
    """um or px."""
    background: int = 0
    """The highest value that is no cell."""
    leading: int = 0
    """Axes before those that are measured together."""
    axes: str = ""
    """Their letters; empty where these are not known, and then time comes last, before depth."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that tell in which plane or volume a cell is."""
        flat = len(self.spacing) == 2
        if self.leading < 2:
            return ("plane" if flat else "frame",)[: self.leading]
        letters = self.axes or ("TZ" if flat else "T").rjust(self.leading)
        return tuple(COLUMNS.get(letter) or _column(letter, axis) for axis, letter in enumerate(letters))


def measure_place(
    labels: Array,
    images: Mapping[str, Array],
    grid: CellGrid,
    place: tuple[int, ...] = (),
    start: Sequence[int] = (),
    cells: Iterable[int] | None = None,
) -> CellTable:
    """Measure a plane, a volume or a part of it.

    Args:
        labels: (H, W) or (Z, H, W) cell numbers; a boolean mask counts as its components.
        images: by name, of the same shape.
        grid: how.
        place: which plane or volume it is; columns of `grid.keys`.
        start: the first pixel of the part.
        cells: only these; all by default.

    Returns:
        The columns of `measure_cells`, those of `grid.keys` behind the cell number.

    Raises:
        InputError: as `measure_cells`.
    """
    table = measure_cells(_wanted(labels, grid, cells), images, grid.spacing, grid.unit)
    values = table.values.copy()
    for axis, first, size in zip("zyx"[-labels.ndim :], start or (0,) * labels.ndim, grid.spacing, strict=True):
        for name, step in ((f"centroid_{axis}_{grid.unit}", size), (f"first_{axis}_px", 1), (f"last_{axis}_px", 1)):
            values[:, table.columns.index(name)] += first * step
    where = np.tile(np.array(place, float), (len(table), 1)).reshape(len(table), len(grid.keys))
    columns = (*table.columns[:1], *grid.keys, *table.columns[1:])
    return CellTable(columns, np.concatenate([values[:, :1], where, values[:, 1:]], axis=1))


def _column(letter: str, axis: int) -> str:
    """Column of an axis that is neither time nor depth."""
    return f"axis{axis}" if letter == " " else f"axis_{letter.lower()}"


def _wanted(labels: Array, grid: CellGrid, cells: Iterable[int] | None) -> Array:
    if labels.dtype == np.bool_:
        return labels
    known = labels > grid.background
    return np.where(known if cells is None else known & np.isin(labels, [*cells]), labels, 0)

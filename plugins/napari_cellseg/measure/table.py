"""Rows of cells: their units, which of them a stroke touched, which lie in a range, and what they amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellseg import CellGrid, CellTable
from cellseg.arrays import Array
from napari_cellseg.annotation import background_of

PlaneIndex = tuple[int, ...]
"""Which plane of a stack, or which volume of a series: the index along the axes before."""

UM_PER = {
    "picometer": 1e-6,
    "angstrom": 1e-4,
    "nanometer": 1e-3,
    "micrometer": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "inch": 25400.0,
}
BINS = 40


@dataclass(frozen=True, slots=True)
class Touched:
    """Change by a stroke in one plane or volume."""

    place: PlaneIndex
    cells: frozenset[int]
    box: tuple[slice, ...]

    def with_more(self, other: Touched) -> Touched:
        """Both changes of one place together."""
        return Touched(self.place, self.cells | other.cells, around(self.box, other.box))


def grid_of(
    scale: Sequence[float], units: Sequence[str], metadata: Mapping[str, Any], *, together: int, axes: str = ""
) -> CellGrid:
    """Grid on which a layer is measured: in micrometres where its units are lengths, else in pixels.

    Args:
        scale: of the layer, an entry an axis.
        units: names of the layer's units, an entry an axis.
        metadata: of the layer; in annotations of a project 0 and 1 are no cells.
        together: how many of the last axes are measured together: 2 plane by plane, 3 as volumes.
        axes: of the layer, such as TZYX; empty where they are not known.
    """
    background = background_of(metadata)
    leading = len(scale) - together
    before = axes[:leading]
    names = [str(unit) for unit in units][-together:]
    if all(name in UM_PER for name in names):
        spacing = tuple(abs(float(s)) * UM_PER[n] for s, n in zip(scale[-together:], names, strict=True))
        return CellGrid(spacing, "um", background, leading, before)
    return CellGrid((1.0,) * together, "px", background, leading, before)


def rows_in(table: CellTable, grid: CellGrid, place: PlaneIndex) -> NDArray[np.bool_]:
    """(rows,) bool: the cells of one plane or volume."""
    found = np.ones(len(table), np.bool_)
    for name, index in zip(grid.keys, place, strict=True):
        found &= table[name] == index
    return found


def updated(
    table: CellTable, fresh: CellTable, grid: CellGrid, place: PlaneIndex, cells: Iterable[int] | None
) -> CellTable:
    """The table with the rows of these cells (None: all of that place) measured anew; cells that are gone go."""
    old = rows_in(table, grid, place)
    if cells is not None:
        old &= np.isin(table["cell"], [*cells])
    return CellTable(table.columns, np.concatenate([table.values[~old], fresh.values]), table.words)


def boxes(table: CellTable, rows: NDArray[Any], together: int) -> tuple[slice, ...] | None:
    """The box around the bounding boxes of these rows; None where there are no rows."""
    axes = "zyx"[-together:]
    first = [table[f"first_{axis}_px"][rows] for axis in axes]
    last = [table[f"last_{axis}_px"][rows] for axis in axes]
    if not first[0].size:
        return None
    return tuple(slice(int(a.min()), int(b.max()) + 1) for a, b in zip(first, last, strict=True))


def around(first: tuple[slice, ...], other: tuple[slice, ...] | None) -> tuple[slice, ...]:
    """The smallest box around two boxes."""
    if other is None:
        return first
    return tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, other, strict=True))


def touched(atoms: Iterable[Any], together: int) -> list[Touched]:
    """Change by a stroke, from napari's `Labels.events.paint`.

    Args:
        atoms: changes, each a box with the values under a mask, or coordinates with old and new values.
        together: how many of the last axes are measured together.
    """
    found: dict[PlaneIndex, Touched] = {}
    for atom in atoms:
        box, cells = _changed(atom)
        for place in product(*(range(axis.start, axis.stop) for axis in box[:-together])):
            new = Touched(place, cells, box[-together:])
            found[place] = found[place].with_more(new) if place in found else new
    return list(found.values())


def _changed(atom: Any) -> tuple[tuple[slice, ...], frozenset[int]]:
    if hasattr(atom, "slice_key"):
        box = tuple(slice(int(axis.start), int(axis.stop)) for axis in atom.slice_key)
        old, new = atom.old_values, atom.new_value
    else:
        indices, old, new = atom
        box = tuple(slice(int(np.min(axis)), int(np.max(axis)) + 1) for axis in indices)
    values = np.concatenate([np.unique(old), np.unique(new)])
    return box, frozenset(int(value) for value in values)


def in_ranges(table: CellTable, ranges: Mapping[str, tuple[float, float]]) -> NDArray[np.bool_]:
    """(rows,) bool: the cells whose values lie in all ranges, ends included; nan lies in none."""
    found = np.ones(len(table), np.bool_)
    for column, (low, high) in ranges.items():
        found &= (table[column] >= low) & (table[column] <= high)
    return found


def counts_in_bins(values: NDArray[Any], bins: int = BINS) -> tuple[NDArray[np.int64], float, float]:
    """Numbers of finite values in each of equal bins, and the least and largest of them."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(bins, np.int64), 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return np.histogram(finite, bins, (low, high if high > low else low + 1))[0], low, high


def shades(values: NDArray[Any], rows: NDArray[np.bool_], steps: int) -> NDArray[np.uint8]:
    """(rows,) from 1 to `steps` by the value between the 1st and 99th percentile; 0 for rows that do not count."""
    finite = np.isfinite(values) & rows
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(values[finite], (1, 99))
    share = np.clip((values - low) / (high - low if high > low else 1), 0, 1)
    return np.where(finite, 1 + np.nan_to_num(share) * (steps - 1), 0).round().astype(np.uint8)


def painted(labels: Array, cells: NDArray[Any], codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The code of each pixel's cell, 0 where it has none; `cells` and `codes` are (n,)."""
    order = np.argsort(cells)
    known, values = np.append(cells[order], np.inf), np.append(codes[order], 0)
    flat = labels.reshape(-1)
    changes = np.flatnonzero(np.append(True, flat[1:] != flat[:-1]))  # runs: far fewer than pixels
    place = np.searchsorted(known, flat[changes])
    found = np.where(known[place] == flat[changes], values[place], 0).astype(np.uint8)
    return np.repeat(found, np.diff(changes, append=flat.size)).reshape(labels.shape)


def summary(table: CellTable, rows: NDArray[np.bool_], grid: CellGrid, pixels: int) -> list[tuple[str, str]]:
    """Count, median and sum of the sizes, and density, as words and numbers.

    Args:
        table: of the cells.
        rows: those that count.
        grid: how they were measured.
        pixels: of all that was measured.
    """
    volume = len(grid.spacing) == 3
    word = "volume" if volume else "area"
    column = next(name for name in table.columns if name.startswith(word))
    sizes = table[column][rows]
    told: list[tuple[str, str]] = [("cells", f"{sizes.size:,}")]
    if sizes.size:
        unit, field = _UNITS[grid.unit, volume], pixels * float(np.prod(grid.spacing))
        told += [
            (f"median {word}", f"{np.median(sizes):,.4g} {unit.name}"),
            (f"sum of {word}s", f"{sizes.sum():,.4g} {unit.name} ({100 * sizes.sum() / field:.1f} % of the field)"),
            ("density", f"{sizes.size / field * unit.many:,.4g} cells per {unit.many_name}"),
        ]
    return told


class _SizeUnit(NamedTuple):
    """A unit of areas or volumes, and the larger one that a density is counted in."""

    name: str
    many: float
    many_name: str


_UNITS = {
    ("um", False): _SizeUnit("µm²", 1e6, "mm²"),
    ("um", True): _SizeUnit("µm³", 1e9, "mm³"),
    ("px", False): _SizeUnit("px", 1e6, "million pixels"),
    ("px", True): _SizeUnit("voxels", 1e6, "million voxels"),
}
"""By the unit of lengths, and whether they are volumes."""


def title(column: str) -> str:
    """A column's name for people: `area_um2` is area (µm²)."""
    units = {"_um2": "µm²", "_um3": "µm³", "_px3": "voxels", "_um": "µm", "_px": "px", "_deg": "°"}
    for ending, unit in units.items():
        if column.endswith(ending):
            return f"{column.removesuffix(ending).replace('_', ' ')} ({unit})"
    return column.replace("_", " ")


def number_text(value: float) -> str:
    """A value as the table shows it."""
    if value != value:
        return ""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"


def word_of(value: float, words: Sequence[str]) -> str:
    """The word that a number from 1 on stands for; nothing for 0."""
    return words[int(value) - 1] if 0 < value <= len(words) else ""


def region(data: Any, place: PlaneIndex, box: tuple[slice, ...] | None = None) -> Callable[[], Array]:
    """Reads a part of an array of any kind when it is called: a plane or volume, or a box of it."""
    return lambda: np.asarray(data[place if box is None else (*place, *box)])

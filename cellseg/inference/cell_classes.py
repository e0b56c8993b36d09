"""Class of each cell of a model of several classes: the one that most of its pixels have."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Int64
from cellseg.inference.finished import FinishedTiles
from cellseg.inference.instances import LabelledPlane
from cellseg.inference.progress import Progress
from cellseg.labels.cell_classes import CellClasses
from cellseg.options import PredictOptions

ROWS = 512
"""Rows that are looked at together."""


def classes_of_cells(
    finished: FinishedTiles, planes: Sequence[LabelledPlane], options: PredictOptions
) -> Generator[Progress, None, CellClasses | None]:
    """Classes of the cells of numbered planes; None where the model knows but one. Yields progress.

    Cells that are linked through planes have one class in all of them.
    """
    names = finished.seen.model.card.class_names[1:]
    if len(names) < 2:
        return None
    counts: list[Int64] = []
    for plane, labels in enumerate(planes):
        counts.append(_counted(finished, labels, plane, options, len(names)))
        labels.release()
        yield Progress(plane + 1, len(planes), "classes")
    if options.link == "overlap":
        counts = [*_together(counts)]
    return CellClasses(names, np.concatenate([_rows(plane, one) for plane, one in enumerate(counts)]))


def pixels_of_classes(cells: Array, kinds: Array, classes: int, largest: int) -> Int64:
    """Pixels of each class in each cell, (largest + 1, classes); background counts in none.

    Args:
        cells: (h, w) numbers, 0 = none.
        kinds: (h, w) classes 0 to `classes`, 0 = background.
        classes: how many there are.
        largest: cell number.
    """
    inside = (cells > 0) & (kinds > 0)
    pairs = cells[inside].astype(np.int64) * classes + kinds[inside].astype(np.int64) - 1
    return np.bincount(pairs, minlength=(largest + 1) * classes).reshape(-1, classes)


def _counted(
    finished: FinishedTiles, labels: LabelledPlane, plane: int, options: PredictOptions, classes: int
) -> Int64:
    """Pixels of each class in each cell of a plane."""
    counts = np.zeros((labels.largest + 1, classes), np.int64)
    columns = slice(0, labels.grid.width)
    for rows in _bands(labels.grid.height):
        kinds = finished.mask(options, plane, rows, columns)
        counts += pixels_of_classes(labels.read(rows, columns), kinds, classes, labels.largest)
    return counts


def _bands(height: int) -> Iterator[slice]:
    return (slice(top, min(top + ROWS, height)) for top in range(0, height, ROWS))


def _together(counts: Sequence[Int64]) -> Iterator[NDArray[np.int64]]:
    """Counts of each plane's cells over all planes, in which a cell keeps its number."""
    whole = np.zeros((max(len(one) for one in counts), counts[0].shape[1]), np.int64)
    for one in counts:
        whole[: len(one)] += one
    return (np.where(one.sum(axis=1)[:, None] > 0, whole[: len(one)], 0) for one in counts)


def _rows(plane: int, counts: Int64) -> Int64:
    """(n, 3) plane, cell and class of the cells that have any pixel of a class."""
    cells = np.flatnonzero(counts.sum(axis=1))
    return np.stack([np.full(cells.size, plane), cells, counts[cells].argmax(axis=1) + 1], axis=1)

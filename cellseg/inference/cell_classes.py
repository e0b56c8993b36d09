"""Class of each cell of a model of several classes: the one that most of its pixels have."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Int64
from cellseg.inference.finished import FinishedTiles
from cellseg.inference.instances import LabelledPlane
from cellseg.inference.progress import Progress
from cellseg.inference.tiling import Box
from cellseg.labels.cell_classes import CellClasses
from cellseg.options import PredictOptions

CellPixels = tuple[Int64, Int64]
"""Pairs of a cell and a class that occur, as cell * classes + class - 1, and the pixels of each."""


def classes_of_cells(
    finished: FinishedTiles,
    planes: Sequence[LabelledPlane],
    options: PredictOptions,
    counted: Iterator[CellPixels | None] | None = None,
) -> Generator[Progress, None, CellClasses | None]:
    """Classes of the cells of numbered planes; None where the model knows but one. Yields progress.

    Cells that are linked through planes have one class in all of them. `counted` is `pixels_in` of each block of each
    plane, by whom it may be (None: there is nothing yet), else counted here.
    """
    names = finished.seen.model.card.class_names[1:]
    if len(names) < 2:
        return None
    tables = _counted(finished, planes, options) if counted is None else counted
    counts: list[Int64] = []
    for plane in planes:
        whole = np.zeros((plane.largest + 1, len(names)), np.int64)
        for _ in plane.grid:
            while (table := next(tables)) is None:
                yield Progress(len(counts), len(planes), "classes")
            whole.reshape(-1)[table[0]] += table[1]
        counts.append(whole)
        plane.release()
        yield Progress(len(counts), len(planes), "classes")
    if options.link == "overlap":
        counts = [*_together(counts)]
    return CellClasses(names, np.concatenate([_rows(plane, one) for plane, one in enumerate(counts)]))


def cell_classes(cells: Array, kinds: Array, names: Sequence[str], plane: int = 0) -> CellClasses:
    """Class of each cell of a plane: the one that most of its pixels have.

    Args:
        cells: (H, W) numbers, 0 = none.
        kinds: (H, W) class of each pixel, 0 = background, such as `predict_array(model, image).argmax(axis=0)`.
        names: of the classes 1, 2, ...
        plane: number of the plane in the table.
    """
    counts = np.zeros((int(cells.max(initial=0)) + 1, len(names)), np.int64)
    pairs, pixels = pixels_of_classes(cells, kinds, len(names))
    counts.reshape(-1)[pairs] = pixels
    return CellClasses(tuple(names), _rows(plane, counts))


def pixels_of_classes(cells: Array, kinds: Array, classes: int) -> CellPixels:
    """Pixels of each class in each cell; background counts in none.

    Args:
        cells: (h, w) numbers, 0 = none.
        kinds: (h, w) classes 0 to `classes`, 0 = background.
        classes: how many there are.
    """
    inside = (cells > 0) & (kinds > 0)
    pairs = cells[inside].astype(np.int64) * classes + kinds[inside].astype(np.int64) - 1
    found, counts = np.unique(pairs, return_counts=True)
    return found, counts.astype(np.int64)


def pixels_in(
    finished: FinishedTiles, labels: LabelledPlane, plane: int, box: Box, options: PredictOptions
) -> CellPixels:
    """Pixels of each class in each cell of a block of a plane."""
    kinds = finished.mask(options, plane, box.rows, box.columns)
    return pixels_of_classes(labels.read_box(box), kinds, len(finished.seen.model.card.class_names) - 1)


def _counted(finished: FinishedTiles, planes: Sequence[LabelledPlane], options: PredictOptions) -> Iterator[CellPixels]:
    return (pixels_in(finished, one, plane, box, options) for plane, one in enumerate(planes) for box in one.grid)


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

"""Cells of a large plane measured part by part, with the numbers that measuring the whole of it gives.

A first look finds the box of each cell, block by block. Then cells are measured together by the block in which their
box begins, in the part of the plane that holds all of them. So memory follows the size of a block and of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from cellseg.arrays import Array, Int64
from cellseg.images.source import ImageSource
from cellseg.measure.files import MeasurePlan
from cellseg.measure.places import measure_place
from cellseg.measure.table import CellTable
from cellseg.metrics.overlap import object_index
from cellseg.metrics.regions import regions

BLOCK = 2048
"""Side of a block in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class CellBoxes:
    """Bounding boxes of the cells of a plane."""

    cells: Int64
    """(n,) numbers, rising."""
    starts: Int64
    """(n, 2) first row and column."""
    stops: Int64
    """(n, 2) those behind the last."""


def tables_by_blocks(plan: MeasurePlan, block: int = BLOCK) -> Iterator[CellTable]:
    """The cells of each plane of a plan for numbered cells, in tables for its parts; volumes are measured as a whole.

    Args:
        plan: labels with cell numbers, and the image in which brightness is measured.
        block: side of a block in pixels.

    Raises:
        InputError: a damaged file.
    """
    small = max(plan.labels.height, plan.labels.width) <= block
    if small or len(plan.grid.spacing) == 3:
        yield from plan.tables()
        return
    for plane, place in enumerate(plan.places):
        boxes = boxes_of(plan.labels, plane, block)
        for which in _together(boxes, block):
            yield _measured(plan, plane, place, boxes, which)
        if not boxes.cells.size:
            yield plan.with_classes(_none(plan, place), [plane])


def boxes_of(labels: ImageSource, plane: int, block: int = BLOCK) -> CellBoxes:
    """The boxes of all cells of a plane, read block by block."""
    found = [_boxes_in(labels, plane, row, column, block) for row, column in _corners(labels, block)]
    every = [np.concatenate(column) for column in zip(*found, strict=True)]
    cells, index = np.unique(every[0], return_inverse=True)
    starts, stops = np.full((cells.size, 2), np.iinfo(np.int64).max), np.zeros((cells.size, 2), np.int64)
    np.minimum.at(starts, index, every[1])
    np.maximum.at(stops, index, every[2])
    return CellBoxes(cells, starts, stops)


def _corners(labels: ImageSource, block: int) -> Iterator[tuple[int, int]]:
    return product(range(0, labels.height, block), range(0, labels.width, block))


def _boxes_in(labels: ImageSource, plane: int, row: int, column: int, block: int) -> tuple[Int64, Int64, Int64]:
    values = _part(labels, plane, (row, column), (row + block, column + block))
    ids, _ = object_index(values.reshape(-1))
    where, corner = regions(values, ids), np.array((row, column))
    return ids, where.starts + corner, where.stops + corner


def _together(boxes: CellBoxes, block: int) -> Iterator[Int64]:
    """Cells, by their place in the list, that are measured together: those whose boxes begin in one block."""
    home = boxes.starts // block
    for key in np.unique(home, axis=0):
        mine = np.flatnonzero((home == key).all(axis=1))
        large = (boxes.stops[mine] - boxes.starts[mine]).max(axis=1) > block
        yield from mine[large][:, None]
        if (~large).any():
            yield mine[~large]


def _measured(plan: MeasurePlan, plane: int, place: tuple[int, ...], boxes: CellBoxes, which: Int64) -> CellTable:
    """The table of some cells, from the part of the plane that holds them all."""
    start, stop = boxes.starts[which].min(axis=0).tolist(), boxes.stops[which].max(axis=0).tolist()
    labels, images = _part(plan.labels, plane, start, stop), _images(plan, plane, start, stop)
    table = measure_place(labels, images, plan.grid, place, start, boxes.cells[which].tolist())
    return plan.with_classes(table, [plane])


def _images(plan: MeasurePlan, plane: int, start: tuple[int, int], stop: tuple[int, int]) -> Mapping[str, Array]:
    """The part of each channel, by its name."""
    if plan.image is None:
        return {}
    region = plan.image.read(plane, slice(start[0], stop[0]), slice(start[1], stop[1]))
    return dict(zip(plan.channels, region, strict=True))


def _part(source: ImageSource, plane: int, start: tuple[int, int], stop: tuple[int, int]) -> Array:
    """A part (h, w) of the only channel, cut at the edges."""
    rows, columns = slice(start[0], min(stop[0], source.height)), slice(start[1], min(stop[1], source.width))
    values: Array = source.read(plane, rows, columns)[0]
    return values


def _none(plan: MeasurePlan, place: tuple[int, ...]) -> CellTable:
    """The table of a plane without cells."""
    images = {name: np.zeros((1, 1)) for name in plan.channels}
    return measure_place(np.zeros((1, 1), np.uint8), images, plan.grid, place)

"""Keeps the table of a layer's cells: measures all once, and after each stroke those that it touched."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from cellseg import CellGrid, CellTable
from cellseg.arrays import Array
from napari_cellseg.measure.calculator import Answer, Calculator, taken
from napari_cellseg.measure.classes import with_classes
from napari_cellseg.measure.table import (
    PlaneIndex,
    Touched,
    around,
    boxes,
    grid_of,
    region,
    rows_in,
    touched,
    updated,
)
from napari_cellseg.napari_private import history
from napari_cellseg.pixels.layer_files import axes_of_layer, whole_of
from napari_cellseg.project.class_colours import shown_classes
from napari_cellseg.widgets import later

SHOWN_EVERY = 25
"""Planes of a long stack after which the table is shown."""
SETTLE_MS = 300


class Measuring(QObject):
    """The cells of one layer."""

    changed = Signal()
    """There is another table."""
    told = Signal(str)
    """How far it is."""

    def __init__(self, viewer: ViewerModel, calculator: Calculator, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._calculator = viewer, calculator
        self.layer: Labels | None = None
        self.grid = CellGrid((1.0, 1.0), "px")
        self.table = CellTable((), np.zeros((0, 0)))
        self.pixels = 0
        self.live = True
        self._images: list[Image] = []
        self._places: set[PlaneIndex] = set()
        self._todo: deque[PlaneIndex] = deque()
        self._fresh: list[CellTable] = []
        self._strokes: dict[PlaneIndex, Touched] = {}
        self._run, self._working = 0, False
        self._history = (0, 0)
        self._heard = False
        self._soon = later(self, 0, self._next)
        self._settle = later(self, SETTLE_MS, self._edited_unheard)

    def start(self, layer: Labels, images: Sequence[Image], together: int, everywhere: bool) -> None:
        """Measure a layer.

        Args:
            layer: whose cells.
            images: in which their brightness is measured; of the layer's shape.
            together: 2 plane by plane, 3 as volumes.
            everywhere: all planes or volumes, else the one that is seen.
        """
        self.stop()
        self.layer, self._images = layer, list(images)
        units, axes = [str(unit) for unit in layer.units], axes_of_layer(layer)
        self.grid = grid_of(layer.scale, units, layer.metadata, together=together, axes=axes)
        shape = whole_of(layer).shape
        self._todo = deque(
            np.ndindex(*shape[:-together]) if everywhere else [shown_place(self._viewer, layer, together)]
        )
        self._places = set(self._todo)
        self.pixels = len(self._todo) * int(np.prod(shape[-together:]))
        self._follow(layer)
        self._next()

    def stop(self) -> None:
        """Forget what is under way, and follow the layer no longer."""
        self._run += 1
        self._working = False
        self._todo.clear()
        self._fresh.clear()
        self._strokes.clear()
        self._settle.stop()
        self._soon.stop()
        if self.layer is not None:
            self.layer.events.paint.disconnect(self._painted)
            self.layer.events.set_data.disconnect(self._maybe_undone)
            self.layer.events.data.disconnect(self._replaced)
            self.layer = None

    def forget(self) -> None:
        """The layer is gone: an empty table."""
        self.stop()
        self.table = CellTable((), np.zeros((0, 0)))
        self.told.emit("")
        self.changed.emit()

    def edited(self, layer: object) -> None:
        """Somebody says that a layer was edited; it is measured again unless the stroke itself was heard."""
        if layer is self.layer and self.live:
            self._settle.start()

    def place_of(self, row: int) -> PlaneIndex:
        """The plane or volume of a row."""
        return tuple(int(self.table[name][row]) for name in self.grid.keys)

    def row_of(self, cell: int, place: PlaneIndex) -> int | None:
        """The row of a cell; None where it was not measured."""
        if not len(self.table):
            return None
        found = np.flatnonzero(rows_in(self.table, self.grid, place) & (self.table["cell"] == cell))
        return int(found[0]) if found.size else None

    def centre(self, row: int) -> tuple[float, ...]:
        """Centre of a cell, in pixels of the layer, all its axes."""
        axes = "zyx"[-len(self.grid.spacing) :]
        found = [self.table[f"centroid_{axis}_{self.grid.unit}"][row] for axis in axes]
        steps = zip(found, self.grid.spacing, strict=True)
        return (*self.place_of(row), *(float(value / step) for value, step in steps))

    def box(self, row: int) -> tuple[slice, ...]:
        """The box around a cell."""
        found = boxes(self.table, np.array([row]), len(self.grid.spacing))
        assert found is not None
        return found

    def _follow(self, layer: Labels) -> None:
        self._history = _history(layer)
        layer.events.paint.connect(self._painted)
        layer.events.set_data.connect(self._maybe_undone)
        layer.events.data.connect(self._replaced)

    def _next(self) -> None:
        """Order what is to be measured next."""
        if self._working:
            return
        if self._todo:
            place = self._todo.popleft()
            self._order(place, None, None)
            self._tell_progress()
        elif self._strokes:
            self._measure_stroke(self._strokes.pop(next(iter(self._strokes))))

    def _measure_stroke(self, stroke: Touched) -> None:
        cells = [cell for cell in stroke.cells if cell > self.grid.background]
        rows = rows_in(self.table, self.grid, stroke.place) & np.isin(self.table["cell"], cells)
        self._order(stroke.place, cells, around(stroke.box, boxes(self.table, rows, len(self.grid.spacing))))

    def _tell_progress(self) -> None:
        count = len(self._places)
        self.told.emit(f"measuring {count - len(self._todo)} of {count} ..." if count > 1 else "measuring ...")

    def _order(self, place: PlaneIndex, cells: list[int] | None, box: tuple[slice, ...] | None) -> None:
        """Have some cells of a place measured in a box, or (None, None) all of it."""
        assert self.layer is not None
        self._working = True
        images = {str(number): image for number, image in enumerate(self._images)}
        order = {
            "do": "measure",
            "grid": asdict(self.grid),
            "place": place,
            "start": _start(self.grid, box),
            "cells": cells,
            "images": {number: image.name for number, image in images.items()},
        }
        arrays = _parts({"labels": self.layer, **images}, place, box)
        self._calculator.ask(order, arrays, partial(self._take, self._run, place, cells))

    def _take(self, run: int, place: PlaneIndex, cells: list[int] | None, answer: Answer) -> None:
        fresh = CellTable(tuple(answer["columns"]), taken(answer["values"]))
        if run != self._run or self.layer is None:
            return
        fresh = with_classes(fresh, shown_classes(self.layer), self._planes_of(place), 1 + len(self.grid.keys))
        self._working = False
        if cells is not None:
            self.table = updated(self.table, fresh, self.grid, place, cells)
            self.changed.emit()
        else:
            self._collect(fresh)
        self._next()

    def _planes_of(self, place: PlaneIndex) -> list[int]:
        """Planes, counted through, of a plane or volume."""
        assert self.layer is not None
        shape = whole_of(self.layer).shape[:-2]
        planes = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
        return [int(plane) for plane in np.ravel(planes[place])]

    def _collect(self, fresh: CellTable) -> None:
        self._fresh.append(fresh)
        done = len(self._places) - len(self._todo)
        if self._todo and done % SHOWN_EVERY:
            return
        begun = [self.table] if done > len(self._fresh) else []
        self.table = _joined([*begun, *self._fresh], fresh.columns)
        self._fresh.clear()
        if not self._todo:
            self.told.emit("")
        self.changed.emit()

    def _painted(self, event: Any) -> None:
        assert self.layer is not None
        self._history = _history(self.layer)
        self._stroke(event.value)

    def _maybe_undone(self) -> None:
        """Undo and redo tell nothing but that there is something to draw."""
        assert self.layer is not None
        before, self._history = self._history, _history(self.layer)
        if self._history[1] > before[1]:
            self._stroke(history(self.layer)[1][-1])
        elif self._history[1] < before[1] and self._history[0] > before[0]:
            self._stroke(history(self.layer)[0][-1])

    def _stroke(self, atoms: Any) -> None:
        self._heard = True
        if not self.live:
            return
        for change in touched(atoms, len(self.grid.spacing)):
            if change.place in self._places:
                known = self._strokes.get(change.place)
                self._strokes[change.place] = change if known is None else known.with_more(change)
        self._soon.start()  # napari tells of some edits before it makes them

    def _edited_unheard(self) -> None:
        heard, self._heard = self._heard, False
        if not heard:
            self._replaced()

    def _replaced(self) -> None:
        if self.live and self.layer is not None:
            self.start(self.layer, self._images, len(self.grid.spacing), len(self._places) > 1)


def _parts(
    layers: Mapping[str, Any], place: PlaneIndex, box: tuple[slice, ...] | None
) -> dict[str, Callable[[], Array]]:
    """Readers of a part of each layer."""
    return {name: region(whole_of(layer), place, box) for name, layer in layers.items()}


def shown_place(viewer: ViewerModel, layer: Labels, together: int) -> PlaneIndex:
    """The plane or volume of a layer that is seen."""
    point = layer.world_to_data(viewer.dims.point)[-layer.ndim :]
    shape: NDArray[np.int64] = np.array(whole_of(layer).shape)
    inside = np.clip(np.round(point), 0, shape - 1).astype(int)
    return tuple(inside.tolist()[: layer.ndim - together])


def _start(grid: CellGrid, box: tuple[slice, ...] | None) -> list[int]:
    """First pixel of a box, or of the whole plane or volume."""
    return [0] * len(grid.spacing) if box is None else [axis.start for axis in box]


def _joined(tables: list[CellTable], columns: tuple[str, ...]) -> CellTable:
    return CellTable(columns, np.concatenate([table.values for table in tables]), tables[-1].words)


def _history(layer: Labels) -> tuple[int, int]:
    undone, redone = history(layer)
    return len(undone), len(redone)

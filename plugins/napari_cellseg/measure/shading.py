"""Cells in the viewer, coloured by a column of their table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_cellseg.measure.calculator import Answer, Calculator, taken
from napari_cellseg.measure.cell_filter import CellFilter
from napari_cellseg.measure.measuring import Measuring, shown_place
from napari_cellseg.measure.overlays import SHADE_STEPS, SHADES, remove_overlay, scale_of_colours, show_overlay
from napari_cellseg.measure.table import region, rows_in, shades
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.widgets import later

if TYPE_CHECKING:
    from napari.components import ViewerModel

AFTER_MS = 200


class Shading(QObject):
    """Follows the table, its filter and the plane that is seen."""

    def __init__(
        self, viewer: ViewerModel, measuring: Measuring, calculator: Calculator, chosen: CellFilter, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._measuring, self._calculator, self._chosen = viewer, measuring, calculator, chosen
        self._on = False
        self._waiting = later(self, AFTER_MS, self._shade)
        viewer.dims.events.current_step.connect(self.follow)

    def switch(self, on: bool) -> None:
        """Colour the cells, or leave that."""
        self._on = on
        self.follow()

    def follow(self, _event: Any = None) -> None:
        """Something has changed: colour anew in a moment."""
        if self._on:
            self._waiting.start()
        else:
            self._waiting.stop()
            remove_overlay(self._viewer, SHADES)

    def close_down(self) -> None:
        """Follow the viewer no longer."""
        self._waiting.stop()
        self._viewer.dims.events.current_step.disconnect(self.follow)

    def _shade(self) -> None:
        """Colour the chosen cells of the plane or volume that is seen."""
        layer, grid, table = self._measuring.layer, self._measuring.grid, self._measuring.table
        if layer is None or layer not in self._viewer.layers or not len(table):
            return
        place = shown_place(self._viewer, layer, len(grid.spacing))
        rows = rows_in(table, grid, place)
        codes = shades(table[self._chosen.column], self._chosen.rows, SHADE_STEPS)[rows]
        cells = table["cell"][rows]
        arrays = {"labels": region(whole_of(layer), place), "cells": lambda: cells, "codes": lambda: codes}
        self._calculator.ask({"do": "paint"}, arrays, partial(self._on_painted, place))

    def _on_painted(self, place: tuple[int, ...], answer: Answer) -> None:
        codes, layer = taken(answer["codes"]), self._measuring.layer
        if not self._on or layer is None or layer not in self._viewer.layers:
            return
        start = (*place, *(0,) * codes.ndim)
        codes = codes.reshape((1,) * len(place) + codes.shape)
        show_overlay(self._viewer, layer, SHADES, codes, start, scale_of_colours(), opacity=1.0)

"""Colours by class: each class has a hue of Okabe and Ito's, neighbouring numbers of a class differ in lightness."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from cellseg.arrays import UInt8
from napari_cellseg.annotation import LIVE, code_of, what_of
from napari_cellseg.camera import plane_index
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.project.cell_classes import MOST_CLASSES, CellClassTable, classes_of
from napari_cellseg.project.colours import BACKGROUND_RGBA, BLOCK, CELL_HUES
from napari_cellseg.project.palette import AnnotationColormap, annotation_colormap

if TYPE_CHECKING:
    from napari.components import ViewerModel

SHADES = (1.0, 0.76, 1.24)
"""Below 1 darker, above lighter."""
NO_CLASS = (0.62, 0.62, 0.62)
"""Grey: a cell that nobody gave a class."""
_FIRST = 2
"""Row of the palette that the shades of the cells without a class begin with; before them nothing and background."""


def class_colour(kind: int) -> tuple[float, float, float, float]:
    """Colour of a class, RGBA; of 0 that of cells without one."""
    return (*(CELL_HUES[kind - 1] if kind else NO_CLASS), 1.0)


def class_palette() -> NDArray[np.float32]:
    """Colours (n, 4) RGBA: nothing, background, and the shades of no class and of each class."""
    hues = np.array([class_colour(kind)[:3] for kind in range(MOST_CLASSES + 1)], np.float32)[:, None]
    shade = np.array(SHADES, np.float32)[:, None]
    shaded = np.where(shade <= 1, hues * shade, 1 - (1 - hues) / shade**2).reshape(-1, 3)
    cells = np.concatenate([shaded, np.ones((len(shaded), 1), np.float32)], axis=1)
    return np.concatenate([np.array([(0, 0, 0, 0), BACKGROUND_RGBA], np.float32), cells]).astype(np.float32)


def class_rows(values: NDArray[Any], kinds: UInt8, first_cell: int) -> UInt8:
    """Row of the palette for each value of any shape.

    Args:
        values: of an annotation or a result.
        kinds: (n,) class of each number, the last one for all that are higher.
        first_cell: lowest number of a cell; what is lower has its own row.
    """
    flat = values.reshape(-1)
    rows = np.zeros(flat.shape, np.uint8)
    for start in range(0, flat.size, BLOCK):
        part = flat[start : start + BLOCK]
        if part.any():
            kind = kinds[np.minimum(part, len(kinds) - 1)]
            cells = _FIRST + kind * len(SHADES) + (part % len(SHADES)).astype(np.uint8)
            rows[start : start + BLOCK] = np.where(part < first_cell, part, cells)
    return rows.reshape(values.shape)


class ClassColormap(AnnotationColormap):
    """Colours of cells by their classes."""

    _table: CellClassTable | None = None
    _kinds: Callable[[], UInt8] | None = None
    _first_cell: int = 0

    def look_in(self, table: CellClassTable, kinds: Callable[[], UInt8], first_cell: int) -> None:
        """Take classes from a table: `kinds` gives those of each number in the plane that is seen."""
        self._table, self._kinds, self._first_cell = table, kinds, first_cell

    @property
    def table(self) -> CellClassTable | None:
        """Origin of its classes."""
        return self._table

    def _rows(self, values: NDArray[Any]) -> UInt8:
        assert self._kinds is not None, "look_in comes first"
        return class_rows(values, self._kinds(), self._first_cell)


def show_classes(viewer: ViewerModel, layer: Any, names: tuple[str, ...]) -> CellClassTable | None:
    """Colour the cells of a layer by their classes, if they have some; they are returned.

    Args:
        viewer: where the layer is seen.
        layer: of any kind.
        names: classes that the project asks for.
    """
    if not isinstance(layer, Labels) or what_of(layer) == LIVE:
        return None
    table = classes_of(layer, names)
    shown = layer.colormap
    if table is None:
        if isinstance(shown, ClassColormap):
            layer.colormap = annotation_colormap()
    elif not isinstance(shown, ClassColormap) or shown.table is not table:
        colour_by_class(viewer, layer, table)
    return table


def shown_classes(layer: Any) -> CellClassTable | None:
    """Classes by which the cells of a layer are coloured."""
    shown = getattr(layer, "colormap", None)
    return shown.table if isinstance(shown, ClassColormap) else None


def colour_by_class(viewer: ViewerModel, layer: Labels, table: CellClassTable) -> None:
    """Give the cells of a layer the colours of their classes in a table."""
    made = ClassColormap(colors=class_palette(), background_value=0)
    seen, of = ref(viewer), ref(layer)

    def kinds() -> UInt8:
        here, mine = seen(), of()
        shape = () if mine is None else whole_of(mine).shape[:-2]
        plane = int(np.ravel_multi_index(plane_index(here, mine), shape)) if here is not None and shape else 0
        return table.kinds(plane)

    made.look_in(table, kinds, 1 if what_of(layer) == LIVE else code_of(layer).first_cell)
    layer.colormap = made

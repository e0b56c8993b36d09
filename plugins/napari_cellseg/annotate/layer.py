"""A Labels layer of napari that is annotated: which plane is seen, where its cells are, and how it is edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

import cellseg
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.edits import Changes
from napari_cellseg.annotate.index import CellIndex
from napari_cellseg.annotation import code_of
from napari_cellseg.napari_private import can_show_windows, history, show_window, without_refresh

if TYPE_CHECKING:
    from napari.components import Dims
    from napari.layers import Labels


class AnnotatedLayer:
    """Edits go through napari's own history, and the index of cells follows whatever that history says."""

    changed = Signal()
    """Pixels change, by a stroke, an edit, undo or redo. Of a polygon napari tells before it has written it: look when
    the event is over."""
    stepped = Signal(list, list, list)
    """New steps of the history that were done, those taken back, and the windows (plane, box) that they touched."""

    def __init__(self, layer: Labels) -> None:
        if layer.multiscale or not hasattr(layer.data, "__setitem__"):
            found = f"the layer {layer.name} cannot be painted into"
            raise cellseg.InputError(found, "Choose labels of a single scale, or annotate the image anew.")
        self.layer = layer
        self.code = code_of(layer)
        self.index = self._new_index()
        self.turning = False
        """Whether a step is being taken back or done again."""
        self._seen: dict[int, Any] = {}
        self._follow()
        layer.events.paint.connect(self._on_history)
        layer.events.set_data.connect(self._on_history)
        layer.events.data.connect(self._replace)

    def detach(self) -> None:
        """Listen no more."""
        self.layer.events.paint.disconnect(self._on_history)
        self.layer.events.set_data.disconnect(self._on_history)
        self.layer.events.data.disconnect(self._replace)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(planes, H, W); all axes but the last two count planes."""
        *leading, height, width = (int(length) for length in self.layer.data.shape)
        return int(np.prod(leading, dtype=int)), height, width

    def plane(self, dims: Dims) -> int:
        """Number of the plane that is seen.

        Raises:
            InputError: no single plane is seen.
        """
        if dims.ndisplay != 2 or set(dims.displayed) != {dims.ndim - 2, dims.ndim - 1}:
            raise cellseg.InputError("no single plane is seen", "Leave the 3-D view and show the last two axes.")
        point = np.rint(self.layer.world_to_data(dims.point)[:-2]).astype(int)
        leading = self.layer.data.shape[:-2]
        if not leading:
            return 0
        return int(np.ravel_multi_index(tuple(np.clip(point, 0, np.array(leading) - 1)), leading))

    def leading(self, plane: int) -> tuple[int, ...]:
        """Index of a plane along all axes but the last two."""
        return tuple(int(n) for n in np.unravel_index(plane, self.layer.data.shape[:-2] or (1,)))[: self.layer.ndim - 2]

    def read(self, plane: int, box: PlaneBox) -> NDArray[Any]:
        """A window (h, w) of a plane."""
        return np.asarray(self.layer.data[(*self.leading(plane), *box.slices)])

    def whole(self, plane: int) -> NDArray[Any]:
        """A plane (H, W)."""
        return self.read(plane, PlaneBox(0, 0, *self.shape[1:]))

    def apply(self, plane: int, edits: Iterable[Changes]) -> bool:
        """Write edits as one step of napari's history; False where nothing changes."""
        edits = [edit for edit in edits if len(edit.rows)]
        with self.layer.block_history():
            for rows, columns, values in edits:
                leading = (np.full(len(rows), n) for n in self.leading(plane))
                self.layer.data_setitem((*leading, rows, columns), values)
        return bool(edits)

    def position(self, plane: int, row: float, column: float) -> NDArray[np.float64]:
        """World coordinates of a pixel."""
        return np.asarray(self.layer.data_to_world((*self.leading(plane), row, column)))

    def pixel(self, world: Any) -> tuple[float, float]:
        """Row and column of a world position."""
        row, column = self.layer.world_to_data(world)[-2:]
        return float(row), float(column)

    def value(self, plane: int, row: float, column: float) -> int | None:
        """Value of a pixel, None outside."""
        y, x = round(row), round(column)
        if not (0 <= y < self.shape[1] and 0 <= x < self.shape[2]):
            return None
        return int(self.read(plane, PlaneBox(y, x, y + 1, x + 1))[0, 0])

    @property
    def can_undo(self) -> bool:
        return bool(history(self.layer)[0])

    @property
    def can_redo(self) -> bool:
        return bool(history(self.layer)[1])

    def undo(self) -> None:
        """Take the last step of the history back."""
        self._turn(self.layer.undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._turn(self.layer.redo)

    def reset(self) -> None:
        """Forget what was known of the cells, because something else wrote into the layer."""
        self.index = self._new_index()
        self.changed.emit()

    def _turn(self, turn: Callable[[], None]) -> None:
        """Undo or redo, and show the windows that changed; napari alone shows the whole plane anew, for a second where
        it is 10,000 x 10,000."""
        self.turning = True
        try:
            if not can_show_windows(self.layer):
                turn()
                return
            with without_refresh(self.layer):
                turn()
            for plane, box in self._follow():
                show_window(self.layer, self.leading(plane), box.slices, self.read(plane, box))
        finally:
            self.turning = False

    def show(self, plane: int, box: PlaneBox) -> None:
        """Bring a window to the screen anew: its colours are others."""
        if can_show_windows(self.layer):
            show_window(self.layer, self.leading(plane), box.slices, self.read(plane, box))
        else:
            self.layer.refresh()

    def _new_index(self) -> CellIndex:
        return CellIndex(self.shape, self.read, first_cell=self.code.first_cell)

    def _replace(self) -> None:
        self._seen = {}
        self.reset()

    def _on_history(self) -> None:
        self._follow()

    def _follow(self) -> list[tuple[int, PlaneBox]]:
        """Survey again what new steps of the history touched, and tell where; undo and redo make new steps, too."""
        done, taken_back = self._new_steps()
        windows = list(_touched([*done, *taken_back], self.layer.data.shape))
        for plane, box in windows:
            self.index.update(plane, box)
        if windows:
            self.stepped.emit(done, taken_back, windows)
            self.changed.emit()
        return windows

    def _new_steps(self) -> tuple[list[Any], list[Any]]:
        """Steps of the history that came since: done ones, and ones that were taken back."""
        sides, seen = history(self.layer), self._seen
        self._seen = {id(step): step for side in sides for step in side}  # held: no other step gets the same id
        done, taken_back = ([step for step in side if id(step) not in seen] for side in sides)
        return done, taken_back


def _touched(items: Iterable[Any], shape: tuple[int, ...]) -> Iterator[tuple[int, PlaneBox]]:
    """Planes and windows that steps of napari's history changed.

    Args:
        items: lists of napari's `_MaskedPaintAtom` (its first field is a tuple of slices) or of
            (indices, old values, new values), the indices an array of numbers for each axis.
        shape: of the layer's data.
    """
    windows: dict[int, PlaneBox] = {}
    for index, *_ in chain.from_iterable(items):
        box, planes = _window(index, shape)
        for plane in planes:
            windows[plane] = windows[plane].union(box) if plane in windows else box
    yield from windows.items()


def _window(index: Sequence[Any], shape: tuple[int, ...]) -> tuple[PlaneBox, list[int]]:
    """Window that an index into a layer's data lies in, and numbers of its planes."""
    *leading, (top, bottom), (left, right) = map(_limits, index)
    grid = np.meshgrid(*(np.arange(*limit) for limit in leading), indexing="ij")
    planes = np.ravel_multi_index(tuple(grid), shape[:-2]).ravel().tolist() if leading else [0]
    return PlaneBox(top, left, bottom, right), planes


def _limits(index: Any) -> tuple[int, int]:
    """First and one past the last number of a slice or an array."""
    if isinstance(index, slice):
        return int(index.start), int(index.stop)
    return int(np.min(index)), int(np.max(index)) + 1

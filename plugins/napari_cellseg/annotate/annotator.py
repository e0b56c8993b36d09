"""Does what the buttons and keys say, on the annotation that is in hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.notifications import show_warning
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

import cellseg
from napari_cellseg.annotate import edits, surgery
from napari_cellseg.annotate.begin import as_annotation, empty_annotation, is_painted
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.keys import ACTIONS
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.marks import Marks
from napari_cellseg.annotate.palette import annotation_colormap
from napari_cellseg.annotate.pieces import TimeSlices
from napari_cellseg.annotate.places import Places, image_of, prediction_of
from napari_cellseg.annotate.tools import LineTool, PickTool
from napari_cellseg.annotation import BACKGROUND, FIRST_CELL, NOT_ANNOTATED
from napari_cellseg.camera import camera, look_at
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.session import Session
from napari_cellseg.widgets import later

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellseg.annotate.suggest import Suggestion

SMOOTH_PX = 2.0
ZOOM_LIMITS = (0.05, 0.8)
"""A cell that fills less or more of the field than that is brought nearer or farther."""
ZOOM_TO = 0.3


class Annotator(QObject):
    """Edits the annotation that is in hand; the panel shows what it does."""

    target_changed = Signal()
    """Another annotation, or none, is in hand."""
    updated = Signal()
    """Counts, the chosen cell, the tool or the hint changed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.viewer: ViewerModel = unwrapped(session.viewer)
        self.target: AnnotatedLayer | None = None
        self.hint = ""
        self._telling = False
        self._pending: Callable[[], None] | None = None
        self._building = TimeSlices(self)
        self._soon = later(self, 0, self._look_again)
        self._places = Places(self)
        self._marks = Marks(self.viewer)
        self._cutter = LineTool(self._marks, self._cut, self._dropped)
        self._picker = PickTool(self._join, self._dropped)
        self._first: int | None = None
        self._acts: dict[str, Callable[[], None]] = {
            "new_cell": self.new_cell,
            "previous_cell": self.previous_cell,
            "next_cell": self.next_cell,
            "brush": self.brush,
            "background": self.background,
            "eraser": self.eraser,
            "pick": self.pick,
            "fill_holes": self.fill_holes,
            "fill_region": self.fill_region,
            "smooth": self.smooth,
            "split": self.split,
            "merge": self.merge,
            "delete": self.delete,
            "delete_to_background": self.delete_to_background,
            "undo": self.undo,
            "redo": self.redo,
            "next_place": self.next_place,
        }
        layers = self.viewer.layers
        layers.selection.events.active.connect(self._choose)
        layers.events.inserted.connect(self._choose)
        layers.events.removed.connect(self._choose)
        self.viewer.dims.events.current_step.connect(self._on_moved)
        session.signals.annotation_changed.connect(self._on_told)
        self._choose()

    def close(self) -> None:
        """Let go of everything; for windows that close."""
        layers = self.viewer.layers
        layers.selection.events.active.disconnect(self._choose)
        layers.events.inserted.disconnect(self._choose)
        layers.events.removed.disconnect(self._choose)
        self.viewer.dims.events.current_step.disconnect(self._on_moved)
        self.session.signals.annotation_changed.disconnect(self._on_told)
        self._take(None)

    def run(self, name: str) -> None:
        """Do an action; what is wrong with it is shown to the user."""
        try:
            self._acts[name]()
        except cellseg.InputError as error:
            show_warning(str(error))

    # the annotation in hand

    def annotate(self, image: Image) -> Labels:
        """An empty annotation over an image."""
        layer = empty_annotation(unwrapped(image))
        self.viewer.add_layer(layer)
        return layer

    def use(self, layer: Labels, cells_from: int) -> Labels:
        """Make labels an annotation.

        Args:
            layer: any labels.
            cells_from: 2 if they follow the values of an annotation; 1 if 1 is a cell: then a copy is made whose cells
                have the next number.
        """
        made = as_annotation(layer, cells_from)
        if made is layer:
            self._choose()
        else:
            self.viewer.add_layer(made)
        return made

    def _choose(self) -> None:
        """Take the active layer if it is an annotation; else keep what is in hand while it is there."""
        layers = self.viewer.layers
        active = layers.selection.active
        if is_painted(active):
            chosen = active
        elif self.target is not None and self.target.layer in layers:
            chosen = self.target.layer
        else:
            chosen = next((layer for layer in reversed(layers) if is_painted(layer)), None)
        if chosen is None or self.target is None or chosen is not self.target.layer:
            self._take(chosen)
        self.updated.emit()

    def _take(self, layer: Labels | None) -> None:
        if self.target is not None:
            self._drop_tools()
            self._soon.stop()
            self._building.stop()
            self._places.stop()
            self.target.detach()
            self.target.changed.disconnect(self._on_changed)
            self.target.layer.events.selected_label.disconnect(self._on_selected)
            for action in ACTIONS:
                if not action.napari:
                    self.target.layer.bind_key(action.key, None)
        self.target = None
        self._pending = None
        if layer is not None:
            self._take_up(layer)
        self.target_changed.emit()

    def _take_up(self, layer: Labels) -> None:
        try:
            self.target = AnnotatedLayer(layer)
        except cellseg.InputError as error:
            show_warning(str(error))
            return
        self.target.changed.connect(self._on_changed)
        layer.events.selected_label.connect(self._on_selected)
        layer.colormap = annotation_colormap()
        if not layer.selected_label or layer.selected_label == BACKGROUND:
            layer.selected_label = FIRST_CELL
        for action in ACTIONS:
            if not action.napari:
                layer.bind_key(action.key, self._on_key(action.name), overwrite=True)
        self._build()

    def _on_key(self, name: str) -> Callable[[Any], None]:
        return lambda _: self.run(name)

    def _build(self) -> None:
        if self.target is not None and not self.target.index.complete:
            self._building.start(self.target.index.build(), self._built)

    def _built(self) -> None:
        pending, self._pending = self._pending, None
        self._say("")
        if pending is not None:
            pending()

    def _on_changed(self) -> None:
        self._soon.start()

    def _look_again(self) -> None:
        self._build()
        self._tell()
        self.updated.emit()

    def _on_selected(self) -> None:
        self.updated.emit()

    def _on_moved(self) -> None:
        self.updated.emit()

    def _tell(self) -> None:
        """Let the other panels know."""
        self._telling = True
        try:
            if self.target is not None:
                self.session.signals.annotation_changed.emit(self.target.layer)
        finally:
            self._telling = False

    def _on_told(self, layer: object) -> None:
        """Another panel wrote into the annotation."""
        if not self._telling and self.target is not None and unwrapped(layer) is self.target.layer:
            self.target.reset()

    # cells

    @property
    def ready(self) -> bool:
        """Whether all cells are known."""
        return self.target is not None and self.target.index.complete

    def chosen(self) -> Cell | None:
        """The chosen cell, whether or not anything of it is painted; None for background and nothing."""
        target = self._need()
        number = int(target.layer.selected_label)
        return Cell(self._plane(), number) if number >= FIRST_CELL else None

    def new_cell(self) -> None:
        if self._later(self.new_cell):
            return
        layer = self._need().layer
        self._select(self._need().index.free_number())
        if layer.mode not in ("paint", "polygon"):
            layer.mode = "paint"

    def next_cell(self) -> None:
        self._step(1)

    def previous_cell(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        if self._later(lambda: self._step(step)):
            return
        target = self._need()
        here = Cell(self._plane(), int(target.layer.selected_label))
        cell = target.index.neighbour(here, step)
        if cell is None:
            raise cellseg.InputError("there is no cell yet", "Press N and paint one.")
        self.go_to_cell(cell)

    def go_to_cell(self, cell: Cell) -> None:
        """Choose a cell and bring it into the field."""
        box = self._need().index.box(cell)
        if box is not None:
            self._select(cell.number)
            self.look_at(cell.plane, box)

    def look_at(self, plane: int, box: PlaneBox) -> None:
        """Bring a window into the field; nearer or farther only if it would be too small or too large."""
        target, viewer = self._need(), self.viewer
        seen = target.layer.corner_pixels[:, -2:]
        field = np.maximum(seen[1] - seen[0], 1)
        part = max(height / full for height, full in zip(box.shape, field, strict=True))
        if not ZOOM_LIMITS[0] <= part <= ZOOM_LIMITS[1]:
            camera(viewer).zoom *= ZOOM_TO / part
        look_at(viewer, target.position(plane, *box.centre))

    # brushes

    def brush(self) -> None:
        self._need().layer.mode = "paint"

    def pick(self) -> None:
        self._need().layer.mode = "pick"

    def eraser(self) -> None:
        self._need().layer.mode = "erase"

    def background(self) -> None:
        layer = self._need().layer
        layer.selected_label = BACKGROUND
        layer.mode = "paint"

    def undo(self) -> None:
        self._need().undo()

    def redo(self) -> None:
        self._need().redo()

    # edits of the chosen cell

    def fill_holes(self) -> None:
        self._edit(self.fill_holes, edits.fill_holes, "it has no holes")

    def smooth(self) -> None:
        self._edit(
            self.smooth, lambda labels, cell: edits.smooth(labels, cell, SMOOTH_PX), "it is smooth", int(4 * SMOOTH_PX)
        )

    def delete(self) -> None:
        self._edit(self.delete, lambda labels, cell: edits.relabel(labels, cell, NOT_ANNOTATED), "")

    def delete_to_background(self) -> None:
        self._edit(self.delete_to_background, lambda labels, cell: edits.relabel(labels, cell, BACKGROUND), "")

    def fill_region(self) -> None:
        target, cell = self._need(), self._need_cell()
        row, column = target.pixel(self.viewer.cursor.position)
        surgery.fill_region(target, cell, row, column)

    def _edit(
        self,
        again: Callable[[], None],
        function: Callable[[NDArray[Any], int], NDArray[Any]],
        nothing: str,
        margin: int = 0,
    ) -> None:
        """Change the chosen cell in the plane that is seen."""
        if self._later(again):
            return
        target, cell = self._need(), self._need_cell()
        box = target.index.box(cell)
        if box is None:
            raise cellseg.InputError(f"cell {cell.number} is not in this plane", "Choose a cell with D, A or L.")
        box = box.grown(margin, target.shape[1:])
        before = target.read(cell.plane, box)
        after = function(before, cell.number)
        if not target.apply(cell.plane, [edits.changes(before, after, box)]):
            self._say(f"Cell {cell.number}: {nothing}")

    # tools

    @property
    def tool(self) -> str:
        """Name of the action whose tool is in hand, or nothing."""
        if self._cutter.in_hand:
            return "split"
        return "merge" if self._picker.in_hand else ""

    def split(self) -> None:
        self._hold(self._cutter, "Draw a line through a cell. Escape stops.")

    def merge(self) -> None:
        self._hold(self._picker, "Click on the cells that are one. Escape stops.")

    def _hold(self, tool: LineTool | PickTool, hint: str) -> None:
        """Take a tool in hand, or drop it where it is already."""
        if tool.in_hand:
            tool.drop()
            return
        self._plane()  # says so if no plane is seen
        self._drop_tools()
        self._first = None
        tool.take(self._need())
        self._say(hint)

    def _drop_tools(self) -> None:
        self._cutter.drop()
        self._picker.drop()

    def _dropped(self) -> None:
        self._say("")

    def _cut(self, points: NDArray[np.float64]) -> None:
        if self._later(lambda: self._cut(points)):
            return
        try:
            surgery.cut(self._need(), self._plane(), points)
        except cellseg.InputError as error:
            show_warning(str(error))

    def _join(self, row: float, column: float) -> None:
        if self._later(lambda: self._join(row, column)):
            return
        target = self._need()
        plane = self._plane()
        number = target.value(plane, row, column)
        if number is None or number < FIRST_CELL:
            self._say("There is no cell here. Click on a cell; Escape stops.")
        elif self._first is None or target.index.box(Cell(plane, self._first)) is None:
            self._first = number
            self._select(number)
            self._say(f"Click on what belongs to cell {number}. Escape stops.")
        elif number != self._first:
            surgery.join(target, plane, self._first, number)
            self._say(f"Cell {number} is now cell {self._first}. Click on more, or Escape.")

    # places

    def next_place(self) -> None:
        target = self._need()
        layers = list(self.viewer.layers)
        image, prediction = image_of(layers, target), prediction_of(layers, target)
        self._places.find(target, image, prediction, self._show_place)
        self._say("Looking for a place ...")

    def _show_place(self, window: Suggestion | None) -> None:
        target = self._need()
        if window is None:
            self._say("Everything is annotated or was shown.")
            return
        self._marks.frame(target.layer, window.box)
        self.look_at(window.plane, window.box)
        self._say("Annotate what you see in the frame; W goes on.")

    # small things

    def _say(self, hint: str) -> None:
        self.hint = hint
        self.updated.emit()

    def _later(self, action: Callable[[], None]) -> bool:
        """Put an action off until all cells are known; False when they are."""
        self._need()
        if self.ready:
            return False
        self._pending = action
        self._build()
        self._say("Reading the annotation ...")
        return True

    def _select(self, number: int) -> None:
        try:
            self._need().layer.selected_label = number
        except ValueError as error:  # napari's WrongSelectedLabelError
            found = f"the labels ({self._need().layer.data.dtype}) have no number {number}"
            raise cellseg.InputError(found, "Convert them: right-click the layer, Convert data type.") from error

    def _plane(self) -> int:
        return self._need().plane(self.viewer.dims)

    def _need(self) -> AnnotatedLayer:
        if self.target is None:
            raise cellseg.InputError("there is no annotation", "Open a project, or annotate the image.")
        return self.target

    def _need_cell(self) -> Cell:
        cell = self.chosen()
        if cell is None:
            raise cellseg.InputError("no cell is chosen", "Choose one with D, A or L, or press N for a new one.")
        return cell

"""Does what the buttons and keys say, on the annotation that is in hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.notifications import show_info, show_warning
from qtpy.QtCore import QObject, Signal

import cellseg
from napari_cellseg.annotate.begin import empty_annotation, mark
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.cell_edits import CellEdits
from napari_cellseg.annotate.classing import Classing
from napari_cellseg.annotate.decisions import ReviewPlace
from napari_cellseg.annotate.in_hand import InHand
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.marks import Marks
from napari_cellseg.annotate.mouse_tools import MouseTools
from napari_cellseg.annotate.next_place import NextPlace
from napari_cellseg.annotate.places import predicted_of, probability_of
from napari_cellseg.annotate.reviewing import Reviewing, box_of_place, words_of_place
from napari_cellseg.annotation import FIRST_CELL
from napari_cellseg.camera import camera, look_at
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.project.adopt import adopt_cells
from napari_cellseg.session import Session

if TYPE_CHECKING:
    from napari.components import ViewerModel

IN_NO_PROJECT = "These cells are in no project: save them before you close the window."
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
        self.viewer: ViewerModel = unwrapped(session.viewer)
        self._session = session
        self._hand = InHand(session, self.run, self)
        self._marks = Marks(self.viewer)
        self._next_place = NextPlace(session, self._hand, self._marks, self.look_at, self)
        self._review = Reviewing(Tasks(self), show_warning)
        self._edits = CellEdits(self._hand)
        self.classing = Classing(session, self._hand)
        self._tools = MouseTools(self._hand, self._marks, self._predicted, self.classing)
        self._acts: dict[str, Callable[[], None]] = {
            "new_cell": self.new_cell,
            "previous_cell": self.previous_cell,
            "next_cell": self.next_cell,
            "brush": self.brush,
            "background": self.background,
            "eraser": self.eraser,
            "pick": self.pick,
            "fill_holes": self._edits.fill_holes,
            "fill_region": self._edits.fill_region,
            "smooth": self._edits.smooth,
            "split": self.split,
            "merge": self.merge,
            "delete": self._edits.delete,
            "delete_to_background": self._edits.delete_to_background,
            "accept": self.accept,
            "undo": self.undo,
            "redo": self.redo,
            "next_place": self.next_place,
            "review": self.review,
            "review_back": self.review_back,
        }
        self._hand.leaving.connect(self._on_leaving)
        self._hand.target_changed.connect(self.target_changed)
        self._hand.updated.connect(self.updated)

    def close(self) -> None:
        """Let go of everything; for windows that close."""
        self.classing.close()
        self._hand.close()

    @property
    def actions(self) -> frozenset[str]:
        """Names of what `run` does."""
        return frozenset(self._acts)

    def run(self, name: str) -> None:
        """Do an action; what is wrong with it is shown to the user. What is edited is shown."""
        if self.target is not None and not self.target.layer.visible:
            self.target.layer.visible = True
        try:
            self._acts[name]()
        except cellseg.InputError as error:
            show_warning(str(error))

    # the annotation in hand

    @property
    def target(self) -> AnnotatedLayer | None:
        """The annotation in hand."""
        return self._hand.target

    @property
    def ready(self) -> bool:
        """True if all cells of it are known."""
        return self._hand.ready

    @property
    def hint(self) -> str:
        """Next thing that may be done; often nothing."""
        return self._hand.hint

    @property
    def tool(self) -> str:
        """Name of the action whose tool is in hand, or nothing."""
        return self._tools.name

    def annotate(self, image: Image) -> Labels:
        """An empty annotation over an image."""
        layer = empty_annotation(unwrapped(image))
        self.viewer.add_layer(layer)
        return layer

    def use(self, layer: Labels, cells_from: int) -> None:
        """Edit labels where they are.

        Args:
            layer: any labels.
            cells_from: 2 if they have the values of an annotation, 1 if 1 is a cell and 0 background.
        """
        layer = unwrapped(layer)
        mark(layer, cells_from)
        if cells_from < FIRST_CELL and not adopt_cells(self._session, layer):
            show_info(IN_NO_PROJECT)
        self._hand.choose()

    def _on_leaving(self) -> None:
        self._tools.drop()
        self._next_place.stop()

    # cells

    def new_cell(self) -> None:
        if self._hand.put_off(self.new_cell):
            return
        layer = self._hand.need().layer
        self._hand.select(self._hand.need().index.free_number())
        if layer.mode not in ("paint", "polygon"):
            layer.mode = "paint"

    def next_cell(self) -> None:
        self._step(1)

    def previous_cell(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        if self._hand.put_off(lambda: self._step(step)):
            return
        target = self._hand.need()
        here = Cell(self._hand.plane(), int(target.layer.selected_label))
        cell = target.index.neighbour(here, step)
        if cell is None:
            raise cellseg.InputError("there is no cell yet", "Press N and paint one.")
        self.go_to_cell(cell)

    def go_to_cell(self, cell: Cell) -> None:
        """Choose a cell and bring it into the field."""
        box = self._hand.need().index.box(cell)
        if box is not None:
            self._hand.select(cell.number)
            self.look_at(cell.plane, box)

    def look_at(self, plane: int, box: PlaneBox) -> None:
        """Bring a window into the field; nearer or farther only if it would be too small or too large."""
        target, viewer = self._hand.need(), self.viewer
        seen = target.layer.corner_pixels[:, -2:]
        field = np.maximum(seen[1] - seen[0], 1)
        part = max(height / full for height, full in zip(box.shape, field, strict=True))
        if not ZOOM_LIMITS[0] <= part <= ZOOM_LIMITS[1]:
            camera(viewer).zoom *= ZOOM_TO / part
        look_at(viewer, target.position(plane, *box.centre))

    # brushes

    def brush(self) -> None:
        self._hand.need().layer.mode = "paint"

    def pick(self) -> None:
        self._hand.need().layer.mode = "pick"

    def eraser(self) -> None:
        self._hand.need().layer.mode = "erase"

    def background(self) -> None:
        layer = self._hand.need().layer
        layer.selected_label = self._hand.need().code.background
        layer.mode = "paint"

    def undo(self) -> None:
        self._hand.need().undo()

    def redo(self) -> None:
        self._hand.need().redo()

    # tools

    def split(self) -> None:
        self._tools.split()

    def merge(self) -> None:
        self._tools.merge()

    def accept(self) -> None:
        self._tools.accept()

    def _predicted(self, target: AnnotatedLayer) -> Any:
        """Layer of the predicted cells of an annotation's image, the topmost one."""
        return predicted_of([unwrapped(layer) for layer in self.viewer.layers], target)

    # places

    def next_place(self) -> None:
        layers = [unwrapped(layer) for layer in self.viewer.layers]
        self._next_place.go(layers)

    # review

    def review(self) -> None:
        if self._hand.put_off(self.review):
            return
        target, layers = self._hand.need(), [unwrapped(layer) for layer in self.viewer.layers]
        self._hand.say("Looking for cells that are worth a look ...")
        self._review.step(target, self._hand.plane(), probability_of(layers, target), self._show_cell_to_review)

    def review_back(self) -> None:
        if self._hand.put_off(self.review_back):
            return
        plane, number = self._review.back(self._hand.need())
        self.go_to_cell(Cell(plane, number))
        self._hand.say(f"Cell {number} is not decided any more. Q goes on.")

    def _show_cell_to_review(self, place: ReviewPlace | None) -> None:
        if place is not None:
            self._hand.select(place.found.cell)
            self.look_at(place.plane, box_of_place(place))
        self._hand.say(words_of_place(place, self._review.decided))

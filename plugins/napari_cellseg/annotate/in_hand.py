"""The annotation or result in hand: its layer, its keys, its cells, and the hint for who works on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject, Signal

import cellseg
from napari_cellseg.annotate.begin import can_be_corrected, is_painted
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.keys import OWN_ACTIONS
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.pieces import TimeSlices
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.opened import painted_on
from napari_cellseg.project.brush import hold_next_cell
from napari_cellseg.project.palette import annotation_colormap, has_own_colours
from napari_cellseg.session import Session, number_of
from napari_cellseg.widgets import later

if TYPE_CHECKING:
    from napari.components import ViewerModel


class InHand(QObject):
    """Follows the viewer: what is in hand belongs to an image that is seen (see `opened`)."""

    leaving = Signal()
    """The annotation is let go of next."""
    target_changed = Signal()
    """Another annotation, or none, is in hand."""
    updated = Signal()
    """Its pixels, the chosen cell, the plane that is seen or the hint changed."""

    def __init__(self, session: Session, run: Callable[[str], None], parent: QObject | None = None) -> None:
        """`run` does an action by its name when its key is pressed."""
        super().__init__(parent)
        self._session, self._run = session, run
        self.viewer: ViewerModel = unwrapped(session.viewer)
        self.target: AnnotatedLayer | None = None
        self.hint = ""
        self._telling = False
        self._pending: Callable[[], None] | None = None
        self._building = TimeSlices(self)
        self._soon = later(self, 0, self._look_again)
        layers = self.viewer.layers
        self._followed: tuple[tuple[Any, Callable[..., None]], ...] = (
            (layers.selection.events.active, self.choose),
            (layers.events.inserted, self.choose),
            (layers.events.removed, self.choose),
            (self.viewer.dims.events.current_step, self._on_seen),
            (session.signals.annotation_changed, self._on_told),
            (session.signals.seen_changed, self.choose),
        )
        for event, act in self._followed:
            event.connect(act)
        self.choose()

    def close(self) -> None:
        """Let go of everything; for windows that close."""
        for event, act in self._followed:
            event.disconnect(act)
        self._take(None)

    def choose(self) -> None:
        """Take what brush and keys are to work on, by the rules on what is open."""
        chosen = self._best()
        if self.target is None or chosen is not self.target.layer:
            self._take(chosen)
        self.updated.emit()

    def say(self, hint: str) -> None:
        """Show a hint."""
        self.hint = hint
        self.updated.emit()

    # what is in hand

    @property
    def ready(self) -> bool:
        """True if all cells are known."""
        return self.target is not None and self.target.index.complete

    def put_off(self, action: Callable[[], None]) -> bool:
        """Put an action off until all cells are known; False when they are."""
        self.need()
        if self.ready:
            return False
        self._pending = action
        self._build()
        self.say("Reading the annotation ...")
        return True

    def need(self) -> AnnotatedLayer:
        """The annotation.

        Raises:
            InputError: there is none.
        """
        if self.target is None:
            raise cellseg.InputError("there is no annotation", "Open a project, or annotate the image.")
        return self.target

    def plane(self) -> int:
        """Number of the plane that is seen.

        Raises:
            InputError: no single plane is seen.
        """
        return self.need().plane(self.viewer.dims)

    def chosen(self) -> Cell | None:
        """The chosen cell, whether or not anything of it is painted; None for background and nothing."""
        number = int(self.need().layer.selected_label)
        return Cell(self.plane(), number) if number >= self.need().code.first_cell else None

    def need_cell(self) -> Cell:
        """The chosen cell.

        Raises:
            InputError: none is chosen.
        """
        cell = self.chosen()
        if cell is None:
            raise cellseg.InputError("no cell is chosen", "Choose one with D, A or L, or press N for a new one.")
        return cell

    def select(self, number: int) -> None:
        """Choose a cell.

        Raises:
            InputError: the layer's type has no such number.
        """
        layer = self.need().layer
        try:
            layer.selected_label = number
        except ValueError as error:  # napari's WrongSelectedLabelError
            found = f"the labels ({layer.data.dtype}) have no number {number}"
            raise cellseg.InputError(found, "Convert them: right-click the layer, Convert data type.") from error

    # taking and letting go

    def _best(self) -> Labels | None:
        session, before = self._session, None if self.target is None else number_of(self.target.layer)
        chosen = session.layer(painted_on(session.open_layers(), session.active, before))
        return chosen if is_painted(chosen) or can_be_corrected(chosen) else None

    def _take(self, layer: Labels | None) -> None:
        if self.target is not None:
            self.leaving.emit()
            self._let_go(self.target)
        self.target = self._pending = None
        if layer is not None:
            self._take_up(layer)
        self.target_changed.emit()

    def _let_go(self, target: AnnotatedLayer) -> None:
        self._soon.stop()
        self._building.stop()
        target.detach()
        target.changed.disconnect(self._on_changed)
        target.layer.events.selected_label.disconnect(self._on_seen)
        for action in OWN_ACTIONS:
            target.layer.bind_key(action.key, None)

    def _take_up(self, layer: Labels) -> None:
        try:
            self.target = AnnotatedLayer(layer)
        except cellseg.InputError as error:
            show_warning(str(error))
            return
        self.target.changed.connect(self._on_changed)
        layer.events.selected_label.connect(self._on_seen)
        if is_painted(layer) and not has_own_colours(layer):
            layer.colormap = annotation_colormap()
        hold_next_cell(layer)
        for action in OWN_ACTIONS:
            layer.bind_key(action.key, self._on_key(action.name), overwrite=True)
        self._build()

    def _on_key(self, name: str) -> Callable[[Any], None]:
        return lambda _: self._run(name)

    # following its changes

    def _build(self) -> None:
        if self.target is not None and not self.target.index.complete:
            self._building.start(self.target.index.build(), self._built)

    def _built(self) -> None:
        pending, self._pending = self._pending, None
        self.say("")
        if pending is not None:
            pending()

    def _on_changed(self) -> None:
        self._soon.start()

    def _look_again(self) -> None:
        self._build()
        self._tell()
        self.updated.emit()

    def _on_seen(self) -> None:
        self.updated.emit()

    def _tell(self) -> None:
        """Let the other panels know."""
        self._telling = True
        try:
            if self.target is not None:
                self._session.signals.annotation_changed.emit(self.target.layer)
        finally:
            self._telling = False

    def _on_told(self, layer: object) -> None:
        """Another panel wrote into the annotation."""
        if not self._telling and self.target is not None and unwrapped(layer) is self.target.layer:
            self.target.reset()

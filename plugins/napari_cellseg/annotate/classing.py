"""Classes of the annotation or result in hand: their keys, the class of the next cell, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_warning
from psygnal import Signal

import cellseg
from napari_cellseg.annotate.class_edits import ClassEdits
from napari_cellseg.annotate.in_hand import InHand
from napari_cellseg.annotate.index import Cell
from napari_cellseg.project.class_colours import show_classes

if TYPE_CHECKING:
    from napari_cellseg.session import Session

KEYS = ("F1", "F2", "F3", "F4", "F5", "F6", "F7")
"""One for each class."""


class Classing:
    """Follows what is in hand."""

    changed = Signal()
    """There are other classes, or another is chosen."""

    def __init__(self, session: Session, hand: InHand) -> None:
        self._session, self._hand = session, hand
        self.edits: ClassEdits | None = None
        self._layer: Any = None
        """That which has the keys."""
        hand.target_changed.connect(self.follow)
        hand.updated.connect(self._on_updated)
        session.signals.project_changed.connect(self.follow)
        self.follow()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes; empty where there are none."""
        return () if self.edits is None else self.edits.table.names

    def close(self) -> None:
        """Let go of everything."""
        self._session.signals.project_changed.disconnect(self.follow, missing_ok=True)
        self._let_go()

    def follow(self, _project: object = None) -> None:
        """Take the classes of what is in hand."""
        following = 1 if self.edits is None else self.edits.following
        self._let_go()
        target = self._hand.target
        if target is not None:
            try:
                table = show_classes(self._hand.viewer, target.layer, self._asked())
            except cellseg.InputError as error:
                show_warning(str(error))
                table = None
            if table is not None:
                self.edits, self._layer = ClassEdits(target, table, following), target.layer
                for number, key in enumerate(KEYS[: len(table.names)], 1):
                    target.layer.bind_key(key, self._on_key(number), overwrite=True)
        self.changed.emit()

    def choose(self, kind: int) -> None:
        """Let the next cell be of a class."""
        if self.edits is not None:
            self.edits.choose(kind)
            self._hand.say(f"The next cell is {self.names[kind - 1]}.")
            self.changed.emit()

    def press(self, kind: int) -> None:
        """Give the cell under the mouse a class; where there is none, choose the class of the next cell."""
        if self.edits is None or self._hand.put_off(lambda: self.press(kind)):
            return
        if not self.edits.table.writable:
            raise cellseg.InputError("these cells can only be looked at", "Close the window that has them open.")
        target, plane = self._hand.need(), self._hand.plane()
        number = target.value(plane, *target.pixel(self._hand.viewer.cursor.position))
        if number is None or number < target.code.first_cell:
            self.choose(kind)
            return
        name = self.names[kind - 1]
        changed = self.edits.give(Cell(plane, number), kind)
        told = "is now" if changed else "is"
        self._hand.say(f"Cell {number} {told} {name}.{' Ctrl+Z takes it back.' if changed else ''}")
        self.changed.emit()

    def words_of_chosen(self) -> str:
        """Name of the class of the cell that the brush holds; empty where there are none."""
        if self.edits is None:
            return ""
        kind = self.edits.kind_in_hand(self._hand.plane())
        return self.names[kind - 1] if kind else "no class"

    def _asked(self) -> tuple[str, ...]:
        project = self._session.project
        return () if project is None else project.classes

    def _on_key(self, kind: int) -> Callable[[Any], None]:
        def pressed(_layer: Any) -> None:
            try:
                self.press(kind)
            except cellseg.InputError as error:
                show_warning(str(error))

        return pressed

    def _on_updated(self) -> None:
        if self.edits is not None:
            self.edits.look()
            self.changed.emit()

    def _let_go(self) -> None:
        if self.edits is not None:
            self.edits.close()
            for key in KEYS[: len(self.names)]:
                self._layer.bind_key(key, None)
        self.edits = self._layer = None

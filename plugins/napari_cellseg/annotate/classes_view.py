"""Classes of cells in the panel: their colours, keys and counts, and the button that names them."""

from __future__ import annotations

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QGridLayout, QInputDialog, QLineEdit, QPushButton, QWidget

import cellseg
from napari_cellseg.annotate.classing import KEYS, Classing
from napari_cellseg.annotate.legend import icon
from napari_cellseg.project.class_colours import class_colour
from napari_cellseg.session import Session
from napari_cellseg.widgets import column, later, slim_button, text_line

_COLUMNS, LONG = 2, 12
"""Buttons side by side, unless one has a longer name."""
COUNT_MS = 150
NONE = "Classes of cells ..."


class ClassesView(QWidget):
    """A button for each class, down for that of the next cell."""

    def __init__(self, session: Session, classing: Classing) -> None:
        super().__init__()
        self._session, self._classing = session, classing
        self.buttons: list[QPushButton] = []
        self._shown: tuple[str, ...] = ()
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self._left = text_line()
        tip = "Name the kinds of cells that are told apart, such as neuron, glia. Without names all are of one kind."
        self.name = slim_button(NONE, tip, self._ask)
        column(self._rows, self._left, self.name, parent=self)
        self._counting = later(self, COUNT_MS, self._count)
        classing.changed.connect(self.refresh)
        session.signals.project_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, _project: object = None) -> None:
        """Show the classes of what is in hand."""
        edits, project = self._classing.edits, self._session.project
        if self._classing.names != self._shown:
            self._list()
        self._rows.setVisible(edits is not None)
        self.name.setVisible(project is not None and project.writable)
        for number, button in enumerate(self.buttons, 1):
            button.setChecked(edits is not None and number == edits.following)
        self._counting.start()

    def _count(self) -> None:
        """Show how many cells are of each class; when the hand rests, for there may be a hundred thousand."""
        edits = self._classing.edits
        known = edits is not None and edits.target.index.complete and len(self.buttons) == len(edits.table.names)
        none, *counts = edits.counts() if edits is not None and known else [0, *(0 for _ in self.buttons)]
        for button, name, key, count in zip(self.buttons, self._shown, KEYS, counts, strict=False):
            button.setText(f"{name}  {key}  ({count:,})")
        self._left.setText(without_class(none))
        self._left.setVisible(bool(none))

    def set_names(self, words: str) -> None:
        """Name the classes of the project."""
        project = self._session.project
        names = [name.strip() for name in words.split(",") if name.strip()]
        if project is None or names == [*project.classes]:
            return
        try:
            self._session.use_project(project.with_classes(names))
        except cellseg.InputError as error:
            show_warning(str(error))

    def _ask(self) -> None:
        project = self._session.project
        known = "" if project is None else ", ".join(project.classes)
        words = "Names of the classes, with commas between, such as: neuron, glia"
        told, agreed = QInputDialog.getText(self, "Classes of cells", words, QLineEdit.EchoMode.Normal, known)
        if agreed:
            self.set_names(told)

    def _list(self) -> None:
        """Make the buttons anew."""
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.deleteLater()
        self._shown = self._classing.names
        self.buttons = [self._button(kind, name) for kind, name in enumerate(self._shown, 1)]
        columns = 1 if any(len(name) > LONG for name in self._shown) else _COLUMNS
        for place, button in enumerate(self.buttons):
            self._grid.addWidget(button, *divmod(place, columns))

    def _button(self, kind: int, name: str) -> QPushButton:
        tip = f"The next cell is {name}.\nKey: {KEYS[kind - 1]}; over a cell, that cell becomes {name}."
        made = slim_button(f"{name}  {KEYS[kind - 1]}", tip, lambda: self._classing.choose(kind))
        made.setIcon(icon(class_colour(kind)))
        made.setCheckable(True)
        return made


def without_class(count: int) -> str:
    """Sentence on cells without a class; empty where all have one."""
    if not count:
        return ""
    told, one = ("1 cell has", "it") if count == 1 else (f"{count:,} cells have", "one")
    return f"{told} no class (grey) and will not be trained on: point at {one} and press the key of a class."

"""The buttons of the actions, and which of them are down."""

from __future__ import annotations

from collections.abc import Callable, Set

from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_cellseg.annotate.keys import BY_NAME, short, tooltip
from napari_cellseg.annotation import BACKGROUND
from napari_cellseg.widgets import slim_button

ROWS = (
    ("new_cell", "previous_cell", "next_cell"),
    ("brush", "background", "eraser"),
    ("pick", "fill_holes", "fill_region"),
    ("smooth", "split", "merge"),
    ("delete", "delete_to_background"),
    ("accept", "undo", "redo"),
    ("next_place",),
    ("review", "review_back"),
)
"""Actions of each row of buttons."""
WIDE = {"review": 4, "review_back": 2}
"""Sixths of a row that buttons with longer or shorter words take."""
MODES = {"paint": "brush", "erase": "eraser", "pick": "pick"}
"""Buttons that stay down while the layer is in a mode of napari's."""
CHECKABLE = frozenset({*MODES.values(), "background", "split", "merge", "accept"})


def buttons_down(mode: str, number: int, tool: str, background: int = BACKGROUND) -> Set[str]:
    """Names of the buttons that are down.

    Args:
        mode: of the layer, as napari calls it.
        number: value that the brush paints.
        tool: action whose tool of the mouse is in hand, or nothing.
        background: value of what is no cell.
    """
    brush = "background" if (mode, number) == ("paint", background) else MODES.get(mode, "")
    return {brush, tool} - {""}


class ActionButtons(QWidget):
    """A button for each action."""

    def __init__(self, press: Callable[[str], None]) -> None:
        """`press` does an action by its name."""
        super().__init__()
        self._press = press
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for line, names in enumerate(ROWS):
            at = 0
            for name in names:
                span = WIDE.get(name, 6 // len(names))
                grid.addWidget(self._button(name), line, at, 1, span)
                at += span

    def show_state(self, down: Set[str], *, can_undo: bool, can_redo: bool) -> None:
        """Show which buttons are down, and whether strokes can be undone and redone."""
        for name in CHECKABLE:
            self.buttons[name].setChecked(name in down)
        self.buttons["undo"].setEnabled(can_undo)
        self.buttons["redo"].setEnabled(can_redo)

    def _button(self, name: str) -> QPushButton:
        action = BY_NAME[name]
        made = slim_button(f"{action.title}  {short(action.key)}", tooltip(action), lambda: self._press(name))
        made.setCheckable(name in CHECKABLE)
        self.buttons[name] = made
        return made

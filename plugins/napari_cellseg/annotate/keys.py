"""Actions on an annotation: one line an action, with its key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """An action of the panel; `name` is what `Annotator.run` calls it."""

    name: str
    title: str
    key: str
    """As napari writes keys."""
    tip: str
    napari: bool = False
    """Whether napari itself has the key; then it is only shown."""


ACTIONS = (
    Action("new_cell", "New cell", "N", "Paint a new cell: the next number that is free, and the brush."),
    Action("previous_cell", "◀ Cell", "A", "Go to the previous cell."),
    Action("next_cell", "Cell ▶", "D", "Go to the next cell."),
    Action("brush", "Brush", "P", "Paint the chosen cell. [ and ] change the size.", napari=True),
    Action("background", "Background", "G", "Paint background: pixels that are known to be no cell."),
    Action("eraser", "Eraser", "E", "Paint 'not annotated': these pixels do not count in training.", napari=True),
    Action("pick", "Pick", "L", "Choose the cell that you click on.", napari=True),
    Action("fill_holes", "Fill holes", "H", "Fill the holes of the chosen cell."),
    Action(
        "fill_region",
        "Fill region",
        "Shift-H",
        "Fill the closed region under the mouse with the chosen cell: draw an outline, point into it, press the key.",
    ),
    Action("smooth", "Smooth", "R", "Smooth the outline of the chosen cell; again for more."),
    Action("split", "Split", "S", "Draw a line through a cell with the mouse to cut it in two. Escape stops."),
    Action("merge", "Merge", "J", "Click on cells that are one; the first keeps its number. Escape stops."),
    Action("delete", "Delete", "Delete", "Delete the chosen cell; its pixels are not annotated any more."),
    Action(
        "delete_to_background",
        "To background",
        "Shift-Delete",
        "The chosen cell is none: it becomes background.",
    ),
    Action(
        "accept",
        "Take",
        "T",
        "Click on a predicted cell to annotate it, or drag over several. Shift: there is no cell here. Escape stops.",
    ),
    Action("undo", "Undo", "Control-Z", "Take the last stroke or edit back."),
    Action("redo", "Redo", "Control-Shift-Z", "Do again what was taken back."),
    Action(
        "next_place",
        "Next place worth annotating",
        "W",
        "Go where the model is unsure, or where an image looks like nothing that is annotated. Again for the next.",
    ),
    Action(
        "review",
        "Next cell worth a look",
        "Q",
        "Much larger or smaller than others, low certainty, a thin neck, in no plane beside it, cut by the border. "
        "Mend it or not; again for the next.",
    ),
    Action("review_back", "Back", "Shift-Q", "Go back to the cell before; what was decided of it is taken back."),
)

OWN_ACTIONS = tuple(action for action in ACTIONS if not action.napari)
"""Actions whose keys this plugin binds."""
BY_NAME = {action.name: action for action in ACTIONS}


def shown(key: str) -> str:
    """A key as people write it."""
    return key.replace("Control", "Ctrl").replace("Delete", "Del").replace("-", "+")


def short(key: str) -> str:
    """A key as it is written on a button."""
    return shown(key).replace("Shift+", "\N{UPWARDS WHITE ARROW}")


def tooltip(action: Action) -> str:
    """Sentence on an action, and its key."""
    return f"{action.tip}\nKey: {shown(action.key)}"

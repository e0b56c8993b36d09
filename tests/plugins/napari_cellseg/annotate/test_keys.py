"""Keys are told where they are, and none is taken from napari."""

from __future__ import annotations

from pathlib import Path

from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from napari_cellseg.annotate.annotator import Annotator
from napari_cellseg.annotate.buttons import ROWS
from napari_cellseg.annotate.keys import ACTIONS, shown, tooltip
from napari_cellseg.session import Session

VIEWER = "toggle_ reset_view delete_selected_layers show_ increment_ focus_ roll_ transpose_ rotate_ select_layer hold_"
LABELS = "activate_labels_ new_label swap_selected_and_ decrease_ increase_ reset_polygon complete_polygon"


def taken() -> dict[KeyBinding, str]:
    """Keys of napari that work while a Labels layer is active."""
    starts = tuple(f"napari:{word}" for word in (*VIEWER.split(), *LABELS.split()))
    return {key: name for name, keys in default_shortcuts.items() if name.startswith(starts) for key in keys}


def test_no_key_of_napari_is_taken():
    assert len(taken()) > 30
    own = {coerce_keybinding(action.key): action.name for action in ACTIONS if not action.napari}
    assert not own.keys() & taken().keys()
    assert len(own) == sum(not action.napari for action in ACTIONS)


def test_keys_that_are_napari_s_are_so():
    names = {"brush": "paint_mode", "eraser": "erase_mode", "pick": "picker_mode"}
    for action in ACTIONS:
        if action.name in names:
            assert taken()[coerce_keybinding(action.key)] == f"napari:activate_labels_{names[action.name]}"


def test_every_action_has_a_button_and_does_something(qapp):
    annotator = Annotator(Session(ViewerModel()))
    assert {name for row in ROWS for name in row} == {action.name for action in ACTIONS} == annotator.actions
    annotator.close()
    assert all(shown(action.key) in tooltip(action) for action in ACTIONS)


def test_the_documentation_names_every_key():
    page = (Path(__file__).parents[4] / "docs" / "napari.md").read_text("utf-8")
    table = page.partition("| key | does |\n|---|---|\n")[2].partition("\n\n")[0]
    named = {key for line in table.splitlines() for key in line.split(" | ")[0].removeprefix("| ").split(", ")}
    assert named - {"[", "]"} == {shown(action.key) for action in ACTIONS}

"""Every option of a training is in the form, and what the form says is what the command line hears."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, fields, replace

import pytest
from napari_cellseg.train.controls import GROUPS, changed, controls, network_names, values_of, words_of

import cellseg
from cellseg.cli.app import app
from cellseg.options import DataOptions

CONTROLS = {control.name: control for control in controls()}


def heard(words):
    """The values that `cellseg train` gets from these words."""
    _, bound, _ = app.parse_args(
        ["train", "--images", "i.tif", "--labels", "l.tif", *words], exit_on_error=False, print_error=False
    )
    parts = [part for part in bound.arguments.values() if hasattr(part, "__dataclass_fields__")]
    parts = [part for part in parts if not isinstance(part, DataOptions)]
    named = {name: value for part in parts for name, value in asdict(part).items()}
    return {
        name: named.get(name, field.default)
        for stage in GROUPS.values()
        for field in fields(stage)
        for name in [field.name]
    }


def another_value(control):
    """A legal value that is not the default."""
    low, high, default = control.option.limits.low, control.option.limits.high, control.option.default
    match control.kind:
        case "choice":
            return next(choice for choice in control.option.choices if choice != default)
        case "switch":
            return not default
        case "text":
            return {"model": "unetpp", "diameter": 33.0}.get(control.name, "weights of mine.pth")
        case "whole":
            return int(low) if default != low else int(high)
        case _:
            return low if default != low else high


def test_all_options_are_there():
    assert list(CONTROLS) == [field.name for owner in GROUPS.values() for field in fields(owner)]
    for control in CONTROLS.values():
        assert control.option.help, control.name
        assert control.option.flag in control.tooltip


@pytest.mark.parametrize("name", [name for name in CONTROLS if name != "recipe"])
def test_each_option_arrives(name):
    value = another_value(CONTROLS[name])
    words = words_of({**values_of("fast"), name: value}, "fast")
    assert words[:2] == ["--recipe", "fast"]
    assert heard(words) == {**_flat("fast"), name: value}


@pytest.mark.parametrize(("text", "wanted"), [("auto", "auto"), ("33", 33.0), ("0", 0.0)])
def test_a_word_or_a_number(text, wanted):
    assert heard(words_of({**values_of("fast"), "diameter": text}, "fast"))["diameter"] == wanted
    assert words_of({**values_of("paper"), "diameter": "0.0"}, "paper") == ["--recipe", "paper"]


@pytest.mark.parametrize("recipe", CONTROLS["recipe"].option.choices)
def test_nothing_is_said_of_what_the_recipe_means(recipe):
    assert words_of(values_of(recipe), recipe) == ["--recipe", recipe]
    assert heard(["--recipe", recipe]) == _flat(recipe)


def test_small_numbers_keep_their_digits():
    words = words_of({**values_of("fast"), "rate": 1e-9, "ema": 0.99999}, "fast")
    assert words[2:] == ["--rate", "1e-09", "--ema", "0.99999"]
    assert changed({"rate": 2e-3 + 1e-15}, {"rate": 2e-3}) == {}


def test_the_network_of_a_model_is_not_said_again():
    values = {**values_of("finetune"), "base": 32, "steps": 50}
    assert words_of(values, "finetune", network_names()) == ["--recipe", "finetune", "--steps", "50"]


def test_wrong_values_are_refused_in_words():
    with pytest.raises(cellseg.InputError, match="--rare is 2"):
        replace(cellseg.settings_for("fast").train, rare=2)


def test_the_form_as_data_needs_no_window_and_no_torch():
    modules = ("controls", "progress", "plan", "runs", "curve_lines", "field")
    code = "import sys; " + "; ".join(f"import napari_cellseg.train.{name}" for name in modules)
    code += "; from napari_cellseg.train.controls import *; controls(), values_of('quick')"
    code += "; sys.exit(any(name in sys.modules for name in ('torch', 'qtpy', 'napari')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def _flat(recipe):
    return {name: value for name, value in values_of(recipe).items() if name in CONTROLS}

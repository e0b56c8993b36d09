"""Every option of a training is in the form, and what the form says is what the command line hears."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace

import pytest
from napari_cellseg.train.wishes import OPTION_GROUPS, Wishes, base_of, network_names, options, usual_recipe

import cellseg
from cellseg.cli.app import command_line
from cellseg.training.recipes import given_in

OPTIONS = options()
RECIPES = OPTIONS["recipe"].choices


def heard(words):
    """The values that `cellseg train` gets from these words."""
    _, bound, _ = command_line().parse_args(
        ["train", "--images", "i.tif", "--labels", "l.tif", *words], exit_on_error=False, print_error=False
    )
    given = given_in(bound.arguments["wishes"])
    return {**base_of(given["recipe"]), **given}


def another_value(option):
    """A legal value that is not that of the recipe `fast`."""
    low, high, base = option.limits.low, option.limits.high, base_of("fast")[option.name]
    if option.choices:
        return next(choice for choice in option.choices if choice != base)
    if option.type is bool:
        return not base
    if option.type is str:
        return "weights of mine.pth"
    return option.type(low if base != low else high)


def test_all_options_are_there():
    assert list(OPTIONS) == [field.name for owner in OPTION_GROUPS.values() for field in fields(owner)]
    assert list(base_of("fast")) == list(OPTIONS)
    assert all(option.help for option in OPTIONS.values())
    assert set(OPTIONS["model"].choices) == set(cellseg.list_models())


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "recipe"])
def test_each_option_arrives(name):
    wishes, value = Wishes(), another_value(OPTIONS[name])
    wishes.answers.give({name: value})
    words = wishes.words()
    assert words[:2] == ["--recipe", "fast"]
    assert heard(words)[name] == value
    assert len(words) in (3, 4)


@pytest.mark.parametrize("value", [33.0, 0.0])
def test_a_number_that_may_be_left_open(value):
    wishes = Wishes()
    wishes.answers.give({"seen_diameter": value})
    assert heard(wishes.words())["seen_diameter"] == value
    wishes.answers.give({"seen_diameter": None})
    assert wishes.words() == ["--recipe", "fast"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_nothing_is_said_of_what_the_recipe_means(recipe):
    assert Wishes(recipe).words() == ["--recipe", recipe]
    assert heard(["--recipe", recipe]) == base_of(recipe)


def test_options_follow_the_recipe_but_for_those_that_were_set_by_hand():
    wishes = Wishes()
    wishes.answers.give({"elastic": 7.0, "steps": 50})
    wishes.take_recipe("paper")
    assert (wishes.recipe, wishes.answers.values["base"], wishes.answers.values["optimiser"]) == ("paper", 64, "sgd")
    assert wishes.words() == ["--recipe", "paper", "--steps", "50", "--elastic", "7"]
    wishes.answers.reset("steps")
    assert wishes.words() == ["--recipe", "paper", "--elastic", "7"]
    wishes.take_recipe("fast")
    assert wishes.answers.values == {**base_of("fast"), "elastic": 7.0}


def test_the_network_of_a_model_is_not_said_again():
    wishes = Wishes()
    wishes.answers.give({"base": 32, "steps": 50})
    wishes.begin_with("nuclei", in_project=False)
    assert wishes.words() == ["--recipe", "finetune", "--steps", "50"]
    assert "base" in network_names()
    wishes.begin_with("", in_project=True)
    assert wishes.words() == ["--recipe", "quick", "--steps", "50", "--base", "32"]


@pytest.mark.parametrize(
    ("model", "in_project", "recipe"), [("", False, "fast"), ("", True, "quick"), ("nuclei", True, "finetune")]
)
def test_the_usual_recipe(model, in_project, recipe):
    assert usual_recipe(model, in_project=in_project) == recipe


def test_as_many_steps_as_fit_into_the_minutes():
    wishes = Wishes()
    plan = {"steps": 100, "seconds": 50.0, "batch": 1}
    assert wishes.fitted(plan) == (plan, ["--recipe", "fast"])
    wishes.minutes = 2
    fitted, words = wishes.fitted(plan)
    assert fitted == {"steps": 240, "seconds": 120.0, "batch": 1}
    assert words == ["--recipe", "fast", "--steps", "240", "--validate-every", "40"]
    words = wishes.fitted({**plan, "batch": 4})[1]
    assert heard(words)["batch"] == 4, "the time is that of the plan's samples"


def test_wrong_values_are_refused_in_words():
    with pytest.raises(cellseg.InputError, match="--rare is 2"):
        replace(cellseg.settings_for("fast").train, rare=2)


def test_what_is_decided_needs_no_window_and_no_torch():
    modules = ("wishes", "controller", "progress", "plan", "runs", "curve_lines", "field")
    code = "import sys; " + "; ".join(f"import napari_cellseg.train.{name}" for name in modules)
    code += "; from napari_cellseg.train.wishes import *; options(), Wishes('quick').words()"
    code += "; sys.exit(any(name in sys.modules for name in ('torch', 'qtpy', 'napari')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

"""Wishes for a training: options, a network or a model to begin with, steps or minutes. Knows no window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import cellseg
from cellseg.options import (
    NETWORK_OPTIONS,
    AugmentOptions,
    Described,
    NetworkOptions,
    TrainOptions,
    WeightOptions,
    described,
)
from napari_cellseg.forms.answers import Answers, FormValues
from napari_cellseg.forms.words import words_of
from napari_cellseg.train.plan import often_enough, steps_within

OPTION_GROUPS: dict[str, type[Any]] = {
    "Training": TrainOptions,
    "Network": NetworkOptions,
    "Augmentation": AugmentOptions,
    "Border weights": WeightOptions,
}
"""The stages of a training whose options are in the form."""
FIRST_OPTIONS = ("recipe", "model", "steps")
"""Options that are shown before anything is unfolded."""


class Wishes:
    """Options follow the recipe, but for those that somebody set by hand."""

    def __init__(self, recipe: str = "fast") -> None:
        self.recipe = recipe
        self.model = ""
        """The run folder or model file that is gone on from; empty for a new network."""
        self.minutes: float | None = None
        """Minutes that the training may take, where that was asked for and not a number of steps."""
        self.answers = Answers(base_of(recipe))
        self.answers.changed.connect(self._on_answers_changed)

    def take_recipe(self, recipe: str) -> None:
        """Follow another recipe."""
        self.answers.give({"recipe": recipe})

    def begin_with(self, model: str, *, in_project: bool) -> None:
        """Go on from a model, or with an empty name begin with a new network; the recipe is the usual one."""
        self.model = model
        self.take_recipe(usual_recipe(model, in_project=in_project))

    def words(self, **replaced: Any) -> list[str]:
        """Options as `cellseg train` is called with, some of them replaced; the recipe's own are not said."""
        base = self.answers.base
        given = {**self.answers.given, **replaced}
        left_out = {"recipe", *(network_names() if self.model else ())}
        said = {name: given[name] for name in base if name in given and name not in left_out}
        return ["--recipe", self.recipe, *words_of(said)]

    def fitted(self, plan: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The plan, and the words for it, with as many steps as the minutes allow."""
        if self.minutes is None:
            return dict(plan), self.words()
        steps = steps_within(plan, self.minutes)
        every = often_enough(steps, self.answers.values["validate_every"])
        seconds = plan["seconds"] * steps / plan["steps"]
        other = {} if plan["batch"] == self.answers.values["batch"] else {"batch": plan["batch"]}
        words = self.words(steps=steps, validate_every=every, **other)
        return {**plan, "steps": steps, "seconds": seconds}, words

    def _on_answers_changed(self) -> None:
        """Another recipe has other values for what nobody set."""
        self.recipe = self.answers.values["recipe"]
        self.answers.follow(base_of(self.recipe))


def usual_recipe(model: str, *, in_project: bool) -> str:
    """The recipe that suits what is begun with, and the few strokes of a project."""
    if model:
        return "finetune"
    return "quick" if in_project else "fast"


def options() -> dict[str, Described]:
    """All options of the form by name; the networks are choices."""
    found = {name: option for owner in OPTION_GROUPS.values() for name, option in described(owner).items()}
    return {**found, "model": replace(found["model"], choices=tuple(NETWORK_OPTIONS))}


def base_of(recipe: str) -> FormValues:
    """The values of all options that a recipe means; None: as the network or the data say."""
    values = {**{name: option.default for name, option in options().items()}, **cellseg.RECIPES[recipe]}
    return {**values, "recipe": recipe}


def network_names() -> tuple[str, ...]:
    """Options that the model decides which a training goes on from."""
    return names_of([NetworkOptions])


def names_of(owners: Iterable[type[Any]]) -> tuple[str, ...]:
    """The fields of dataclasses."""
    return tuple(field.name for owner in owners for field in fields(owner))

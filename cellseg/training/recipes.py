"""Recipes: sets of options that go together.

`fast` is the best segmentation a CPU minute that was measured (docs/measurements.md). `quick` is `fast` with small
samples, four of them a step, and few steps: a few strokes give a first result within two minutes on two cores, and
something is seen on the way. One sample a step fits strokes as well and tells fewer cells apart (the same page).
`paper` is Ronneberger et al. 2015 to the letter where the paper says something; the border weights and the elastic
deformation are the paper's in every recipe. `finetune` goes on from a trained model: few steps at a tenth of the rate,
so that what it knows is moved and not replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, make_dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from cellseg.checked import Checked
from cellseg.errors import InputError
from cellseg.models.choice import completed
from cellseg.options import TrainSettings

STAGES: dict[str, type[Any]] = get_type_hints(TrainSettings)

FAST: dict[str, Any] = {
    "base": 16,
    "depth": 3,
    "norm": "batch",
    "dropout": 0.0,
    "steps": 4000,
    "tile": 204,
    "seen_diameter": None,
    "grey_values": "contrast",
    "statistics": "fixed",
    "batch": 1,
    "rare": 0.33,
    "optimiser": "adamw",
    "rate": 2e-3,
    "schedule": "cosine",
    "momentum": 0.9,
    "decay": 1e-2,
    "ema": 0.99,
    "validate_every": 1000,
    "precision": None,
    "scale": 0.1,
    "blur": 1.0,
    "noise": 0.2,
    "empty": 0.03,
}
RECIPES: dict[str, dict[str, Any]] = {
    "fast": FAST,
    "quick": {**FAST, "tile": 124, "steps": 150, "batch": 4, "validate_every": 25, "ema": 0.95, "empty": 0.0},
    "paper": {
        "base": 64,
        "depth": 4,
        "norm": "none",
        "dropout": 0.5,
        "steps": 1000,
        "tile": 388,
        "seen_diameter": 0.0,
        "grey_values": "contrast",
        "statistics": "fixed",
        "batch": 1,
        "rare": 0.0,
        "optimiser": "sgd",
        "rate": 1e-3,  # the paper gives none
        "schedule": "constant",
        "momentum": 0.99,
        "decay": 0.0,
        "ema": 0.0,
        "validate_every": 400,
        "precision": "float32",
        "scale": 0.0,
        "blur": 0.0,
        "noise": 0.0,
        "empty": 0.0,
    },
    "finetune": {**FAST, "steps": 300, "batch": 4, "rate": 2e-4, "validate_every": 100, "empty": 0.0},
}
"""Every option that differs between recipes stands in each."""


def settings_for(recipe: str = "fast", **given: Any) -> TrainSettings:
    """All settings of a training: what is given, else the recipe's, else the default of the option or of the network.

    Options are given by their names; `None` is not given. Raises InputError for an unknown recipe, option or network,
    an option that the network does not have, or a value out of range.
    """
    if recipe not in RECIPES:
        raise InputError(f"there is no recipe {recipe!r}", f"Known are: {', '.join(RECIPES)}.")
    known = [field.name for field in fields(TrainWishes)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f"there is no option {', '.join(unknown)}", "`cellseg train --help` lists them.")
    wanted = {**RECIPES[recipe], **given_in(TrainWishes(**given)), "recipe": recipe}
    stages = {name: stage(**_of(stage, wanted)) for name, stage in STAGES.items()}
    return TrainSettings(**{**stages, "network": completed(stages["network"])})


def given_in(wishes: Any) -> dict[str, Any]:
    """The options that are given, by name."""
    values = {field.name: getattr(wishes, field.name) for field in fields(wishes)}
    return {name: value for name, value in values.items() if value is not None}


def _of(stage: type[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: options[field.name] for field in fields(stage) if field.name in options}


def _wishes() -> type[Any]:
    """A dataclass with all options of a training, of which none need be given."""
    hints: dict[str, Any] = {}
    for stage in STAGES.values():
        hints |= get_type_hints(stage, include_extras=True)
    return make_dataclass(
        "TrainWishes",
        [(name, hint | None, field(default=None)) for name, hint in hints.items()],
        bases=(Checked,),
        frozen=True,
        kw_only=True,
        namespace={"__module__": __name__},
    )


if TYPE_CHECKING:
    TrainWishes = Any
else:
    TrainWishes = _wishes()
"""What somebody asks a training for."""

"""Recipes: sets of options that go together.

`fast` is the defaults of the option dataclasses: the best segmentation a CPU minute that was measured
(docs/training.md). `quick` is `fast` with small samples, four of them a step, and few steps: a few strokes give a
first result within two minutes on two cores, and something is seen on the way. One sample a step fits strokes as well
and tells fewer cells apart (docs/training.md). `paper` is Ronneberger et al. 2015 to the letter where the paper says
something. `finetune` goes on from a trained model: few steps at a tenth of the rate, so that what it knows is moved and
not replaced.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from cellseg.errors import InputError
from cellseg.options import TrainSettings

RECIPES: dict[str, dict[str, Any]] = {
    "fast": {},
    "quick": {"tile": 124, "steps": 150, "batch": 4, "validate_every": 25, "ema": 0.95},
    "paper": {
        "model": "unet",
        "base": 64,
        "depth": 4,
        "norm": "none",
        "dropout": 0.5,
        "tile": 388,
        "batch": 1,
        "steps": 1000,
        "validate_every": 400,
        "optimiser": "sgd",
        "momentum": 0.99,
        "rate": 1e-3,  # the paper gives none
        "schedule": "constant",
        "decay": 0.0,
        "ema": 0.0,
        "w0": 10.0,
        "sigma": 5.0,
        "balance": "dataset",
        "elastic": 10.0,
        "grid": 3,
        "scale": 0.0,
        "blur": 0.0,
        "noise": 0.0,
        "mosaic": 0.0,
        "diameter": 0.0,
        "rare": 0.0,
        "precision": "float32",
    },
    "finetune": {"steps": 300, "batch": 4, "rate": 2e-4, "validate_every": 100},
}


def settings_for(recipe: str = "fast", **overrides: Any) -> TrainSettings:
    """The settings of a recipe with some options replaced, by their names.

    Raises InputError for an unknown recipe or option, or a value out of range.
    """
    if recipe not in RECIPES:
        raise InputError(f"there is no recipe {recipe!r}", f"Known are: {', '.join(RECIPES)}.")
    wanted = {**RECIPES[recipe], "recipe": recipe, **overrides}
    settings = TrainSettings()
    for stage in fields(settings):
        part = getattr(settings, stage.name)
        mine = {field.name: wanted.pop(field.name) for field in fields(part) if field.name in wanted}
        settings = replace(settings, **{stage.name: replace(part, **mine)})
    if wanted:
        raise InputError(f"there is no option {', '.join(sorted(wanted))}", "`cellseg train --help` lists them.")
    return settings

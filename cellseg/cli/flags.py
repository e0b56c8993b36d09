"""Flags that several commands share, and the helps of those that are options."""

from __future__ import annotations

from dataclasses import Field, fields
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from cyclopts import Parameter

from cellseg import options
from cellseg.checked import Checked
from cellseg.options import Described, described
from cellseg.training.recipes import RECIPES, STAGES, TrainWishes

Flat = Parameter(name="*")
"""Options of a dataclass as flags of the command."""
JsonFlag = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object on standard output.")]
ChannelFlag = Annotated[str | None, Parameter(help=described(options.ImageOptions)["channel"].help)]
AxesFlag = Annotated[str | None, Parameter(help=described(options.DataOptions)["axes"].help)]
SceneFlag = Annotated[str | None, Parameter(help=described(options.DataOptions)["scene"].help)]
MasksFlag = Annotated[str | None, Parameter(help=described(options.DataOptions)["annotated"].help)]
LikeFlag = Annotated[
    Path | None,
    Parameter(
        help="The image that belongs to the labels: outlines do not say how large it is, and labels may lack the pixel "
        "size. Of a folder of labels the folder of images."
    ),
]
SeedFlag = Annotated[int, Parameter(help=described(options.SplitOptions)["seed"].help)]
VolumeFlag = Annotated[bool, Parameter(negative="--planes", help=described(options.EvaluateOptions)["volume"].help)]
OWNERS: list[Any] = [
    kind
    for kind in vars(options).values()
    if isinstance(kind, type) and issubclass(kind, Checked) and kind is not Checked
]
"""Every dataclass of options."""


def explain() -> None:
    """Give every flag the help of its option; of a training, whose options are all open, with the defaults."""
    for owner in OWNERS:
        _explain(fields(owner), {name: option.help for name, option in described(owner).items()})
    asked = chain.from_iterable(described(stage).values() for stage in STAGES.values())
    _explain(fields(TrainWishes), {option.name: _with_default(option) for option in asked})


def _explain(those: tuple[Field[Any], ...], texts: dict[str, str]) -> None:
    for field in those:
        field.metadata = MappingProxyType({"help": texts[field.name]})  # where cyclopts looks first


def _with_default(option: Described) -> str:
    """The help with the default, or with those of the recipes where they differ."""
    by_recipe = {recipe: values[option.name] for recipe, values in RECIPES.items() if option.name in values}
    if by_recipe:
        return f"{option.help} [{'; '.join(_differing(by_recipe))}]"
    return option.help if option.default is None else f"{option.help} [default: {_shown(option.default)}]"


def _differing(by_recipe: dict[str, Any]) -> list[str]:
    """The value of the first recipe, and those of the others that differ from it."""
    first, *others = by_recipe
    kept = [first, *(name for name in others if by_recipe[name] != by_recipe[first])]
    return [f"{name}: {_shown(by_recipe[name])}" for name in kept]


def _shown(value: Any) -> str:
    if value is None:
        return "auto"
    return f"{value:g}" if isinstance(value, float) else str(value)

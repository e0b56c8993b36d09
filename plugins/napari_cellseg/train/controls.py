"""The form of a training as data: a control an option, and the words of the command line that values become."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import cellseg
from cellseg.options import AugmentOptions, NetworkOptions, TrainOptions, WeightOptions
from napari_cellseg.option import Option, option

Kind = Literal["choice", "switch", "whole", "number", "text"]
Values = dict[str, Any]
"""Values of options by their names."""

GROUPS: dict[str, type[Any]] = {
    "Training": TrainOptions,
    "Network": NetworkOptions,
    "Augmentation": AugmentOptions,
    "Border weights": WeightOptions,
}
FIRST = ("recipe", "model", "steps")
"""What is shown before anything is unfolded."""
EPSILON = 1e-9
"""Relative; a number box rounds."""


@dataclass(frozen=True, slots=True)
class Control:
    """An option as one row of the form."""

    option: Option
    kind: Kind
    group: str

    @property
    def name(self) -> str:
        return self.option.name

    @property
    def label(self) -> str:
        """For people: `validate_every` is Validate every."""
        words = self.name.replace("_", " ")
        return words[0].upper() + words[1:]

    @property
    def tooltip(self) -> str:
        """Help, limits, and the name on the command line."""
        limits = self.option.limits
        span = f" ({limits})" if self.kind in ("whole", "number") and math.isfinite(limits.low) else ""
        return f"{self.option.help}{span}\nOn the command line: {self.option.flag}"


def controls() -> list[Control]:
    """All options of the form, in the order of their dataclasses."""
    found = []
    for group, owner in GROUPS.items():
        for field in fields(owner):
            described = option(owner, field.name)
            found.append(Control(described, _kind(described), group))
    return found


def values_of(recipe: str) -> Values:
    """The values of all options that a recipe means."""
    settings = asdict(cellseg.settings_for(recipe))
    return {name: value for stage in settings.values() for name, value in stage.items()}


def changed(values: Mapping[str, Any], base: Mapping[str, Any]) -> Values:
    """The values that differ from those of the recipe."""
    return {name: value for name, value in values.items() if not _same(value, base[name])}


def words_of(values: Mapping[str, Any], recipe: str, leave_out: Iterable[str] = ()) -> list[str]:
    """What `cellseg train` is called with.

    Args:
        values: of the form.
        recipe: whose values need not be said.
        leave_out: options that something else decides, such as the network of the model that is gone on from.
    """
    words = ["--recipe", recipe]
    for name, value in changed(values, values_of(recipe)).items():
        if name in (*leave_out, "recipe"):
            continue
        plain = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{plain}" if value else f"--no-{plain}")
        else:
            words += [f"--{plain}", f"{value:.10g}" if isinstance(value, float) else str(value)]
    return words


def network_names() -> tuple[str, ...]:
    """Options that the model decides which a training goes on from."""
    return tuple(field.name for field in fields(NetworkOptions))


def _kind(described: Option) -> Kind:
    if described.choices:
        return "choice"
    if isinstance(described.default, bool):
        return "switch"
    if isinstance(described.default, int):
        return "whole"
    return "number" if isinstance(described.default, float) else "text"


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one option; a text may be a number, such as that of `diameter`."""
    if isinstance(one, float) or isinstance(other, float):
        try:
            return math.isclose(float(one), float(other), rel_tol=EPSILON)
        except ValueError:
            return False
    return bool(one == other)

"""Options of a prediction by their effect: on the plan, on the cut, or, all others, on the probabilities.

An option that is in no list counts as one that changes the probabilities, so that a kept prediction made with another
value of it is never taken for the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import Any

from cellseg.errors import InputError
from cellseg.options import PredictOptions, Result, flag_of

PLAN = frozenset({"tile", "memory"})
"""Options of the tiles' size, on which the result does not depend."""
LINKING = frozenset({"link", "link_overlap"})
"""Options of stacks."""
FILE = frozenset({"result", "probability_type", "label_type"})
"""Options of the kind and type of a result."""
CUT = (
    frozenset({"threshold", "core", "minimum_size", "minimum_probability", "fill_holes", "split", "object_diameter"})
    | LINKING
    | FILE
)
"""Options of what is made of probabilities."""
OF_INSTANCES = (CUT - FILE - {"threshold"}) | {"label_type"}
"""Options of numbered cells alone."""
OF_TWO_CLASSES = frozenset({"threshold", "core", "minimum_probability"})
"""Options that compare the probability of the one class of cells."""
WITHOUT_EFFECT: dict[Result, frozenset[str]] = {
    "instances": frozenset({"probability_type"}),
    "classes": OF_INSTANCES | {"probability_type"},
    "probabilities": OF_INSTANCES | {"threshold"},
}
"""Options on which a type of result does not depend."""
DEFAULTS = {field.name: field.default for field in fields(PredictOptions)}
ALL = frozenset(DEFAULTS)


def changed(options: PredictOptions, names: AbstractSet[str] = ALL) -> dict[str, Any]:
    """Those of the named options that differ from their defaults."""
    values = {name: getattr(options, name) for name in DEFAULTS if name in names}
    return {name: value for name, value in values.items() if value != DEFAULTS[name]}


def refuse_of_classes(options: PredictOptions, classes: int, given: AbstractSet[str] = ALL) -> None:
    """Raise InputError where one of the options that were given has no effect with so many classes."""
    if classes > 2:
        for name in sorted(changed(options, given & OF_TWO_CLASSES)):
            found = f"{flag_of(name)} has no effect with a model of {classes} classes"
            raise InputError(found, f"Each pixel has the most probable class. Leave {flag_of(name)} out.")


def refuse_without_effect(options: PredictOptions, given: AbstractSet[str] = ALL, classes: int = 2) -> None:
    """Raise InputError where an option that was given has no effect beside another, or with so many classes."""
    refuse_of_classes(options, classes, given)
    idle = dict.fromkeys(WITHOUT_EFFECT[options.result], f"--result {options.result}")
    idle |= {"link_overlap": "--link none"} if options.link == "none" else {}
    idle |= {"object_diameter": "--split none"} if options.split == "none" else {}
    for name in sorted(changed(options, given & idle.keys())):
        raise InputError(f"{flag_of(name)} has no effect with {idle[name]}", f"Leave {flag_of(name)} out.")


def refuse(given: Mapping[str, Any], names: Iterable[str], door: str, remedy: str) -> None:
    """Raise InputError where one of the named options is given to a function that has no use for it."""
    for name in sorted(names):
        if name in given and given[name] != DEFAULTS[name]:
            raise InputError(f"{door} has no use for {name}={given[name]!r}", remedy)

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
from cellseg.options import PredictOptions

PLAN = frozenset({"tile", "memory"})
"""Options of the tiles' size, on which the result does not depend."""
LINKING = frozenset({"link", "link_overlap"})
"""Options of stacks."""
FILE = frozenset({"result", "probability_type", "label_type"})
"""Options of the kind and type of a result."""
CUT = frozenset({"threshold", "core", "minimum_size", "fill_holes", "split", "object_diameter"}) | LINKING | FILE
"""Options of what is made of probabilities."""
DEFAULTS = {field.name: field.default for field in fields(PredictOptions)}
ALL = frozenset(DEFAULTS)


def changed(options: PredictOptions, names: AbstractSet[str] = ALL) -> dict[str, Any]:
    """Those of the named options that differ from their defaults."""
    values = {name: getattr(options, name) for name in DEFAULTS if name in names}
    return {name: value for name, value in values.items() if value != DEFAULTS[name]}


def refuse(given: Mapping[str, Any], names: Iterable[str], door: str, remedy: str) -> None:
    """Raise InputError where one of the named options is given to a function that has no use for it."""
    for name in sorted(names):
        if name in given and given[name] != DEFAULTS[name]:
            raise InputError(f"{door} has no use for {name}={given[name]!r}", remedy)

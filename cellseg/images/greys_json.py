"""Grey values of a plane as a tree for JSON and back, to the last bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from cellseg.images.contrast import Levels
from cellseg.images.grey_steps import Above, Cast, Clipped, Linear, Sigmoid, SteppedGreys
from cellseg.images.grey_values import PlaneGreys
from cellseg.images.normalise import Normalisation

KINDS = {kind.__name__: kind for kind in (Normalisation, Levels, SteppedGreys, Linear, Clipped, Above, Sigmoid, Cast)}


def greys_as_json(greys: PlaneGreys) -> Any:
    """Grey values of a plane as a tree of numbers, texts, lists and tables."""
    return _as_tree(greys)


def greys_from_json(tree: Any) -> PlaneGreys:
    """Grey values from what `greys_as_json` gave."""
    greys: PlaneGreys = _as_values(tree)
    return greys


def _as_tree(value: Any) -> Any:
    if is_dataclass(value):
        values = {field.name: _as_tree(getattr(value, field.name)) for field in fields(value)}
        return {"kind": type(value).__name__, **values}
    return [_as_tree(each) for each in value] if isinstance(value, tuple) else value


def _as_values(tree: Any) -> Any:
    if isinstance(tree, dict):
        return KINDS[tree["kind"]](**{name: _as_values(value) for name, value in tree.items() if name != "kind"})
    return tuple(_as_values(each) for each in tree) if isinstance(tree, list) else tree

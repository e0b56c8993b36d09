"""Options as a form shows them: default, limits, choices and help, from the one definition in `cellseg.options`.

An option that may be left open is None where nothing is given; the command line calls that `auto`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from docstring_parser import parse_from_object

from cellseg.options import Limits

AUTO = "auto"
NETWORK_OPTIONS = ("unet", "unetpp", "unet3p", "resunet", "mobileunet", "effunet")
"""Names of the networks, known without torch."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a form needs to know of an option."""

    name: str
    type: type
    """bool, int, float or str."""
    help: str
    limits: Limits
    choices: tuple[str, ...]
    """Empty where it is no choice."""
    default: Any
    optional: bool
    """Whether it may be left open."""

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return flag_of(self.name)


def flag_of(name: str) -> str:
    """The option of the command line that is called as a field."""
    return f"--{name.replace('_', '-')}"


def described(owner: type[Any]) -> Mapping[str, Described]:
    """The options of one of the dataclasses in `cellseg.options`, by name."""
    if owner not in _KNOWN:
        hints, helps = get_type_hints(owner, include_extras=True), _helps(owner)
        found = {field.name: _described(hints[field.name], field.default, helps[field.name]) for field in fields(owner)}
        _KNOWN[owner] = {name: replace(option, name=name) for name, option in found.items()}
    return _KNOWN[owner]


_KNOWN: dict[type[Any], Mapping[str, Described]] = {}
"""Reading helps takes a while."""


def _described(hint: Any, default: Any, text: str) -> Described:
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    words = tuple(word for part in parts for word in get_args(part) if get_origin(part) is Literal)
    notes = [note for part in parts for note in get_args(part)[1:]]
    kinds = [get_args(part)[0] if get_args(part) else part for part in parts if get_origin(part) is not Literal]
    kind = next((kind for kind in kinds if kind is not NoneType), str)
    return Described(
        name="",
        type=kind,
        help=text,
        limits=next((note for note in notes if isinstance(note, Limits)), Limits()),
        choices=tuple(word for word in words if word != AUTO),
        default=None if default == AUTO else default,
        optional=AUTO in words or NoneType in parts,
    )


def _helps(owner: type[Any]) -> dict[str, str]:
    """The text below each field; a subclass's own takes precedence over that of the class it extends."""
    texts: dict[str, str] = {}
    for part in reversed(owner.__mro__[:-1]):
        for entry in parse_from_object(part).params:
            texts[entry.arg_name] = " ".join((entry.description or "").split())
    return texts

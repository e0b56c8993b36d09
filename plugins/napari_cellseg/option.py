"""An option as a form shows it: its default, limits, choices and help, from the one definition in `cellseg.options`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from docstring_parser import parse_from_object

from cellseg.options import Limits


@dataclass(frozen=True, slots=True)
class Option:
    """What a form needs to know of an option."""

    name: str
    default: Any
    help: str
    limits: Limits
    choices: tuple[str, ...]
    """Empty for numbers."""

    @property
    def flag(self) -> str:
        """What it is called on the command line."""
        return f"--{self.name.replace('_', '-')}"


def option(owner: type[Any], name: str) -> Option:
    """The option `name` of one of the dataclasses in `cellseg.options`."""
    hint = get_type_hints(owner, include_extras=True)[name]
    limits = next((part for part in get_args(hint)[1:] if isinstance(part, Limits)), Limits())
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    default = next(field.default for field in fields(owner) if field.name == name)
    return Option(name, default, _help(owner)[name], limits, choices)


def _help(owner: type[Any]) -> dict[str, str]:
    """The text below each field; a subclass's own goes before that of the class it extends."""
    texts: dict[str, str] = {}
    for part in reversed(owner.__mro__[:-1]):
        for entry in parse_from_object(part).params:
            texts[entry.arg_name] = " ".join((entry.description or "").split())
    return texts

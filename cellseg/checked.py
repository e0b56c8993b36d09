"""Dataclasses of options: limits, choices and helps stand with each field, and are checked.

Whoever shows options (the command line, a form) asks `described` for them. "Not given" is `None`; people and old files
may say "auto" for it wherever `None` is allowed, but for texts, which may be a name, and where `Auto` gives the word
another meaning.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Hashable
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from cellseg.errors import InputError
from cellseg.extensions import ExtensionGroup, extension_names

AUTO = "auto"
"""The word for "not given"."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest and largest value that an option may take, both included."""

    low: float = float("-inf")
    high: float = float("inf")

    def __str__(self) -> str:
        if self.high == float("inf"):
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}" if self.low > float("-inf") else f"at most {self.high:g}"


@dataclass(frozen=True, slots=True)
class Auto:
    """The value that the word "auto" stands for, of a number."""

    value: float | None = None


@dataclass(frozen=True, slots=True)
class OpenChoices:
    """Choices of a text, to which other packages may add words of their own."""

    ours: tuple[str, ...]
    group: ExtensionGroup


@dataclass(frozen=True, slots=True)
class Help:
    """The help of an option that several dataclasses have; the text below the field is added to it."""

    text: str


@dataclass(frozen=True, slots=True)
class Described:
    """An option as it is shown to people.

    Attributes:
        name: of the field.
        type: bool, int, float or str.
        help: what it does, what its default means.
        limits: of a number.
        choices: words to choose from; empty where it is no choice.
        default: None where it is not given, or where a recipe decides.
        optional: whether it may be left open, which is `None`.
    """

    name: str
    type: type
    help: str
    limits: Limits
    choices: tuple[str, ...]
    default: Any
    optional: bool

    @property
    def flag(self) -> str:
        """Name on the command line."""
        return flag_of(self.name)


class Checked:
    """Checks limits and choices of a dataclass's fields, in the user's words."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, kind in _kinds(cast(Hashable, type(self))).items():
            value = getattr(self, name)
            if kind.is_auto(value):
                object.__setattr__(self, name, kind.auto)
            elif value != kind.auto and (value is not None or not kind.optional):
                kind.check(name, value)


def flag_of(name: str) -> str:
    """The option of the command line that is called as a field."""
    return f"--{name.replace('_', '-')}"


def described(owner: type[Any]) -> dict[str, Described]:
    """The options of a dataclass of `cellseg.options` by name, in its order."""
    texts, kinds = _texts(cast(Hashable, owner)), _kinds(cast(Hashable, owner))
    return {field.name: _described(field, kinds[field.name], texts.get(field.name, "")) for field in fields(owner)}


def _described(field: Field[Any], kind: _Kind, text: str) -> Described:
    return Described(
        name=field.name,
        type=kind.type,
        help=f"{kind.help} {text}".strip(),
        limits=kind.limits,
        choices=kind.choices,
        default=None if field.default is MISSING else field.default,
        optional=kind.optional,
    )


def takes_auto(hint: Any) -> bool:
    """True if an option with this type hint may be given as the word "auto"."""
    return len(_without_none(_parts(hint))) == 1 and _kind(hint).takes_auto


def meaning_of_auto(hint: Any) -> float | None:
    """The value that "auto" stands for in an option with this type hint; None: it is left open."""
    return _kind(hint).auto


def definition_of(owner: type[Any], name: str) -> Any:
    """Definition of an option, the same wherever it occurs: type, limits, choices and common help, but for `None`."""
    return _without_none(_parts(get_type_hints(owner, include_extras=True)[name]))


@dataclass(frozen=True, slots=True)
class _Kind:
    """Meaning of a type hint."""

    type: type
    limits: Limits
    choices: tuple[str, ...]
    help: str
    optional: bool
    auto: float | None
    group: ExtensionGroup | None = None

    @property
    def takes_auto(self) -> bool:
        return self.optional and (self.type in (bool, int, float) or bool(self.choices))

    def is_auto(self, value: object) -> bool:
        """The word for "not given", where it is no text of its own."""
        return self.takes_auto and isinstance(value, str) and value == AUTO

    def check(self, name: str, value: object) -> None:
        """InputError for a value that is no choice, or a number beyond the limits."""
        if self.choices:
            self._check_choice(name, value)
        elif self.type in (int, float):
            self._check_number(name, value)

    def _check_choice(self, name: str, value: object) -> None:
        if value not in self.choices:
            brought = extension_names(self.group) if self.group else []
            if value not in brought:
                wanted = ", ".join([*self.choices, *brought])
                raise InputError(f"{flag_of(name)} is {value!r}", f"It must be one of: {wanted}.")

    def _check_number(self, name: str, value: object) -> None:
        is_number = isinstance(value, int | float)
        if not is_number or not self.limits.low <= value <= self.limits.high:  # type: ignore[operator]
            wanted = str(self.limits) if is_number else f"a number, {self.limits}"
            raise InputError(f"{flag_of(name)} is {value!r}", f"It must be {wanted}{', or auto' * self.optional}.")


@cache
def _kinds(owner: Any) -> MappingProxyType[str, _Kind]:
    hints = get_type_hints(owner, include_extras=True)
    return MappingProxyType({field.name: _kind(hints[field.name]) for field in fields(owner)})


def _kind(hint: Any) -> _Kind:
    parts = _parts(hint)
    (plain,) = _without_none(parts)
    kind, *notes = get_args(plain) if get_origin(plain) is Annotated else (plain,)
    noted = {type(note): note for note in reversed(notes)}
    words = noted.get(OpenChoices, OpenChoices((), "cellseg.losses"))
    choices = get_args(kind) if get_origin(kind) is Literal else words.ours
    return _Kind(
        type=str if choices else kind,
        limits=noted.get(Limits, Limits()),
        choices=choices,
        help=noted.get(Help, Help("")).text,
        optional=NoneType in parts,
        auto=noted.get(Auto, Auto()).value,
        group=words.group if words.ours else None,
    )


def _without_none(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(part for part in parts if part is not NoneType)


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


@cache
def _texts(owner: Any) -> MappingProxyType[str, str]:
    """The text below each field; a subclass's own takes precedence over that of the class it extends."""
    texts: dict[str, str] = {}
    for part in reversed(owner.__mro__):
        texts |= _texts_in(part.__module__).get(part.__name__, {})
    return MappingProxyType(texts)


@cache
def _texts_in(module: str) -> dict[str, dict[str, str]]:
    """The text below each field of each class of a module."""
    if not module.startswith(__package__):
        return {}
    body = ast.parse(inspect.getsource(sys.modules[module])).body
    return {part.name: _texts_of(part) for part in body if isinstance(part, ast.ClassDef)}


def _texts_of(owner: ast.ClassDef) -> dict[str, str]:
    """The texts below the fields of a class."""
    found = {_field_name(line): _text(below) for line, below in zip(owner.body, owner.body[1:], strict=False)}
    return {name: text for name, text in found.items() if name and text}


def _field_name(line: ast.stmt) -> str:
    """The field that a line defines; empty for any other line."""
    return line.target.id if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) else ""


def _text(line: ast.stmt) -> str:
    """The text that a line is, its words one space apart; empty for any other line."""
    value = line.value.value if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) else None
    return " ".join(value.split()) if isinstance(value, str) else ""

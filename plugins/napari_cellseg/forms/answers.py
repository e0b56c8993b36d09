"""Values of options: what somebody gave takes precedence over a base, such as a recipe or what a model has stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from psygnal import Signal

FormValues = dict[str, Any]
"""Values of options by their names; None: not given."""
EPSILON = 1e-9
"""Relative; a box for numbers rounds."""


class Answers:
    """The state of a form, which knows no window."""

    changed = Signal()

    def __init__(self, base: Mapping[str, Any]) -> None:
        self._base: FormValues = dict(base)
        self._given: FormValues = {}

    @property
    def base(self) -> FormValues:
        """The values of what nobody gave."""
        return dict(self._base)

    @property
    def given(self) -> FormValues:
        """The values that somebody gave and that differ from the base."""
        return dict(self._given)

    @property
    def values(self) -> FormValues:
        """All values."""
        return {**self._base, **self._given}

    def give(self, values: Mapping[str, Any]) -> None:
        """Set values; None, and what the base says anyway, is not given. Names without a base are left out."""
        self._take(self._base, {**self._given, **values})

    def reset(self, *names: str) -> None:
        """Follow the base again in these options."""
        self._take(self._base, {name: value for name, value in self._given.items() if name not in names})

    def follow(self, base: Mapping[str, Any]) -> None:
        """Take another base; what was given stays."""
        self._take(dict(base), self._given)

    def _take(self, base: FormValues, given: Mapping[str, Any]) -> None:
        kept = {
            name: given[name]
            for name, value in base.items()
            if given.get(name) is not None and not same(given[name], value)
        }
        if (base, kept) != (self._base, self._given):
            self._base, self._given = base, kept
            self.changed.emit()


def same(one: Any, other: Any) -> bool:
    """True if two values of an option are one."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=EPSILON)
    return bool(one == other)

"""The widget of an option: a table from its type to a widget of magicgui."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit
from magicgui.widgets.bases import BaseValueWidget

from cellseg.options import Described
from napari_cellseg.forms.numbers import NOT_GIVEN, NumberBox, SlideBox
from napari_cellseg.forms.words import label_of, tooltip_of

_LETTERS = 6
"""A combo box is at least so wide; a long word in it must not make the dock wider."""

LEAST_PX = 64
"""Of a box for numbers."""


class Choice(ComboBox):
    """One of some words; None too, where the option may be left open."""

    null_string = NOT_GIVEN


class Text(LineEdit):
    """A text; None where it is empty and the option may be left open."""

    def get_value(self) -> str | None:  # type: ignore[override]
        """The text without blanks around it."""
        return str(super().get_value()).strip() or (None if self._nullable else "")

    def set_value(self, value: str | None) -> None:
        """Set the text."""
        super().set_value(value or "")


def field_of(
    option: Described,
    *,
    span: tuple[float, float, float] | None = None,
    words: Mapping[str, str] | None = None,
    flag: bool = True,
) -> BaseValueWidget[Any]:
    """The widget of an option, with its limits, choices and help; it shows the default.

    Args:
        option: as `cellseg.options.described` knows it.
        span: of a number: the usual ones, which a slider covers, and its step.
        words: of a choice: what people call the values.
        flag: the tooltip names the option on the command line.
    """
    made = _slide_box(option, span) if span else FIELDS[_kind(option)](option, words or {})
    made.name = option.name
    made.tooltip = tooltip_of(option, flag=flag)
    made.native.setObjectName(option.name)
    return made


def _choice(option: Described, words: Mapping[str, str]) -> Choice:
    choices = [(words.get(value, value), value) for value in option.choices]
    default = option.default if option.optional or option.default is not None else option.choices[0]
    made = Choice(choices=choices, nullable=option.optional, value=default)
    slim(made)
    return made


def slim(made: ComboBox) -> None:
    """Let long words in a box not make it wider."""
    made.native.setSizeAdjustPolicy(made.native.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.native.setMinimumContentsLength(_LETTERS)


def _yes_or_no(option: Described, _words: Mapping[str, str]) -> Choice:
    made = Choice(choices=[("yes", True), ("no", False)], nullable=True, value=option.default)
    slim(made)
    return made


def _switch(option: Described, _words: Mapping[str, str]) -> CheckBox:
    return CheckBox(text=label_of(option), value=bool(option.default))


def _number(option: Described, _words: Mapping[str, str]) -> NumberBox:
    low, high = option.limits.low, option.limits.high
    made = NumberBox(low, high, whole=option.type is int, optional=option.optional)
    made.native.setMinimumWidth(LEAST_PX)
    if option.optional or option.default is not None:
        made.value = option.default
    return made


def _text(option: Described, _words: Mapping[str, str]) -> Text:
    return Text(value=option.default or "", nullable=option.optional)


def _slide_box(option: Described, span: tuple[float, float, float]) -> SlideBox:
    return SlideBox(_number(option, {}), span[:2], span[2], nullable=option.optional)


def _kind(option: Described) -> type | str:
    if option.choices:
        return "choice"
    return "yes or no" if option.type is bool and option.optional else option.type


FIELDS: dict[type | str, Callable[[Described, Mapping[str, str]], BaseValueWidget[Any]]] = {
    "choice": _choice,
    "yes or no": _yes_or_no,
    bool: _switch,
    int: _number,
    float: _number,
    str: _text,
}
"""What makes the widget of an option, by its type."""

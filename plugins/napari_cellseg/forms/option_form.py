"""A form: rows of options that show answers, and change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from magicgui.widgets import CheckBox
from magicgui.widgets.bases import BaseValueWidget
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from cellseg.options import Described
from napari_cellseg.forms.answers import Answers
from napari_cellseg.forms.fields import field_of
from napari_cellseg.forms.numbers import SlideBox
from napari_cellseg.forms.words import label_of
from napari_cellseg.widgets import form

SliderSpan = tuple[float, float, float]
"""The usual values of a number, which a slider covers, and its step."""

_NONE: Mapping[str, Any] = MappingProxyType({})


def defaults(options: Mapping[str, Described]) -> Answers:
    """Answers that begin with the defaults."""
    return Answers({name: option.default for name, option in options.items()})


class OptionForm(QWidget):
    """Rows of a name, the widget of an option, and a button that takes back what was set by hand."""

    def __init__(
        self,
        answers: Answers,
        options: Iterable[Described],
        *,
        spans: Mapping[str, SliderSpan] = _NONE,
        titles: Mapping[str, str] = _NONE,
        words: Mapping[str, Mapping[str, str]] = _NONE,
        tall: bool = False,
        flags: bool = True,
    ) -> None:
        """Make a row an option.

        Args:
            answers: what is shown and changed; has a value for each option.
            options: in the order of the rows.
            spans: of numbers with a slider.
            titles: names of rows, where the option's own name says too little.
            words: what people call the choices of an option.
            tall: the name above its widget, which then has the whole width.
            flags: the tooltips name the options on the command line; not those that only a window has.
        """
        super().__init__()
        self._answers, self._showing = answers, False
        self._ignorer = _WheelIgnorer(self)
        self._rows = form(self)
        if tall:
            self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._fields: dict[str, BaseValueWidget[Any]] = {}
        self._resets: dict[str, QToolButton] = {}
        for option in options:
            name = option.name
            field = field_of(option, span=spans.get(name), words=words.get(name), flag=flags)
            self._add(name, titles.get(name, label_of(option)), field)
        answers.changed.connect(self._on_answers_changed)
        self._on_answers_changed()

    def field(self, name: str) -> Any:
        """The widget of an option."""
        return self._fields[name]

    def show_row(self, name: str, visible: bool) -> None:
        """Show or hide an option."""
        self._rows.setRowVisible(self._resets[name].parentWidget(), visible)

    def enable_rows(self, names: Iterable[str], enabled: bool) -> None:
        """Say whether options may be set; names that are not in the form are left out."""
        for name in self._fields.keys() & set(names):
            self._resets[name].parentWidget().setEnabled(enabled)

    def _add(self, name: str, title: str, field: BaseValueWidget[Any]) -> None:
        self._fields[name] = field
        self._resets[name] = _reset_button(self._answers, name, keeps_room=isinstance(field, SlideBox))
        line = QWidget()
        parts = QHBoxLayout(line)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(2)
        field.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        parts.addWidget(field.native, 1)
        parts.addWidget(self._resets[name])
        if isinstance(field, CheckBox):
            field.text = title
            self._rows.addRow(line)
        else:
            label = QLabel(title)
            label.setToolTip(field.tooltip)
            self._rows.addRow(label, line)
        field.changed.connect(lambda: self._on_field_changed(name))
        for watched in (field.native, *field.native.findChildren(QWidget)):
            watched.installEventFilter(self._ignorer)

    def _on_field_changed(self, name: str) -> None:
        if not self._showing:
            value = self._fields[name].value
            self._answers.give({name: value})  # None: as the base says
            self._on_answers_changed()

    def _on_answers_changed(self) -> None:
        values, given = self._answers.values, self._answers.given
        self._showing = True  # what is shown has not been set by hand
        for name, field in self._fields.items():
            if field.value != values[name]:
                field.value = values[name]
            self._resets[name].setVisible(name in given)
        self._showing = False


class _WheelIgnorer(QObject):
    """A wheel that scrolls the panel changes no value that the pointer passes over."""

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Pass the wheel on unless the widget was clicked into."""
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


def _reset_button(answers: Answers, name: str, *, keeps_room: bool) -> QToolButton:
    """A button that is seen where an option was set by hand; with `keeps_room` nothing moves when it comes."""
    made = QToolButton()
    made.setText("↺")
    made.setAutoRaise(True)
    made.setToolTip("Take back what was set by hand.")
    policy = made.sizePolicy()
    policy.setRetainSizeWhenHidden(keeps_room)
    made.setSizePolicy(policy)
    made.clicked.connect(lambda: answers.reset(name))
    return made

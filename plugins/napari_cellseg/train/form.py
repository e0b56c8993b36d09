"""The form of a training: recipe, network and length; everything else folded under "advanced"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QWidget,
)
from superqt import QCollapsible

from napari_cellseg.train.controls import FIRST, Control, Values, changed, controls, network_names, values_of, words_of
from napari_cellseg.widgets import column, combo, fold, form

DIGITS = 10
BY_STEPS, BY_MINUTES = "steps", "minutes"


class NumberBox(QDoubleSpinBox):
    """A box for a number that is shown as short as it is: 0.002, not 0.0020000000."""

    def __init__(self, low: float, high: float, whole: bool) -> None:
        super().__init__()
        self._whole = whole
        self.setDecimals(0 if whole else DIGITS)
        self.setRange(low, high)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def textFromValue(self, value: float) -> str:
        """What is shown."""
        return f"{value:.0f}" if self._whole else f"{value:.{DIGITS}g}"

    def valueFromText(self, text: str) -> float:
        """What is meant; 1e-4 too."""
        return float(text.replace(",", "."))

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Whether it is a number, or may become one."""
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            begun = all(letter in "0123456789.,eE+-" for letter in text)
            return (QValidator.State.Intermediate if begun else QValidator.State.Invalid), text, at
        fits = self.minimum() <= value <= self.maximum() and (not self._whole or value == int(value))
        return (QValidator.State.Acceptable if fits else QValidator.State.Intermediate), text, at


class TrainForm(QWidget):
    """Options of a training; what nobody changed follows the recipe."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._controls = {control.name: control for control in controls()}
        self._recipe = "fast"
        self._given_network = False
        self._boxes = {name: _box(control) for name, control in self._controls.items()}
        tip = "Train so many steps, or as many as fit into a time on this computer."
        self.length = combo(tip, {BY_STEPS: "steps", BY_MINUTES: "minutes"})
        self.minutes = NumberBox(0.5, 10_000, whole=False)
        self.minutes.setValue(2)
        self.minutes.setToolTip("Minutes that the training may take; the plan says how many steps that are.")
        self.advanced = fold("Advanced", "All options of `cellseg train`, with the same names and limits.")
        self._lay_out()
        ignorer = _WheelIgnorer(self)
        for name, box in self._boxes.items():
            box.setToolTip(self._controls[name].tooltip)
            box.setObjectName(name)
            box.installEventFilter(ignorer)
            _on_change(box, self.edited.emit)
        self._boxes["recipe"].currentTextChanged.connect(self.follow_recipe)
        self.length.currentIndexChanged.connect(self._show_length)
        self._show_length()

    def box(self, name: str) -> Any:
        """The widget of an option."""
        return self._boxes[name]

    def group(self, name: str) -> QCollapsible:
        """A group under "advanced"."""
        return self._groups[name]

    @property
    def recipe(self) -> str:
        """The recipe that is chosen."""
        return str(self._boxes["recipe"].currentText())

    @property
    def by_minutes(self) -> float | None:
        """Minutes to train, where that was asked for and not a number of steps."""
        return self.minutes.value() if self.length.currentData() == BY_MINUTES else None

    def values(self) -> Values:
        """The values of all options as they stand there."""
        return {name: _value(box, self._controls[name]) for name, box in self._boxes.items()}

    def words(self, **replaced: Any) -> list[str]:
        """What `cellseg train` is called with, with some values replaced."""
        left_out = network_names() if self._given_network else ()
        return words_of({**self.values(), **replaced}, self.recipe, left_out)

    def set_values(self, values: Values) -> None:
        """Show the values of the options that are in the form."""
        for name in self._boxes.keys() & values.keys():
            _set(self._boxes[name], values[name])

    def follow_recipe(self, recipe: str) -> None:
        """Show the values of another recipe, but for those that somebody changed."""
        mine = changed(self.values(), values_of(self._recipe))
        self._recipe = recipe
        self.set_values({**values_of(recipe), **mine, "recipe": recipe})

    def offer_networks(self, names: Sequence[str]) -> None:
        """The networks to choose from."""
        box = self._boxes["model"]
        chosen = box.currentText()
        box.clear()
        box.addItems(list(names))
        box.setCurrentText(chosen)

    def take_network(self, given: bool) -> None:
        """Whether the network is that of a model, and none of the form."""
        self._given_network = given
        for name in network_names():
            self._boxes[name].setEnabled(not given)

    def _lay_out(self) -> None:
        above = QWidget()
        first = form(above)
        first.addRow("Recipe", self._boxes["recipe"])
        first.addRow("Network", self._boxes["model"])
        parts = QHBoxLayout()
        for part in (self._boxes["steps"], self.minutes, self.length):
            parts.addWidget(part, 1 if part is not self.length else 0)
        first.addRow("Train for", parts)
        self._groups: dict[str, QCollapsible] = {}
        for group in dict.fromkeys(control.group for control in self._controls.values()):
            page = QWidget()
            rows = form(page)
            for control in self._controls.values():
                if control.group == group and control.name not in FIRST:
                    box = self._boxes[control.name]
                    row_label = "" if control.kind == "switch" else control.label
                    rows.addRow(row_label, box)
                    if row_label:
                        rows.labelForField(box).setToolTip(control.tooltip)
            self._groups[group] = fold(group, "", page)
            self.advanced.addWidget(self._groups[group])
        column(above, self.advanced, parent=self)

    def _show_length(self) -> None:
        by_minutes = self.length.currentData() == BY_MINUTES
        self._boxes["steps"].setVisible(not by_minutes)
        self.minutes.setVisible(by_minutes)


class _WheelIgnorer(QObject):
    """A wheel that scrolls the panel changes no value that the pointer passes over."""

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Pass the wheel on unless the box was clicked into."""
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


def _box(control: Control) -> Any:
    described = control.option
    if control.kind == "choice" or control.name == "model":
        box = combo("")
        box.addItems([str(choice) for choice in described.choices] or [described.default])
    elif control.kind == "switch":
        box = QCheckBox(control.label)
    elif control.kind == "text":
        box = QLineEdit()
    else:
        box = NumberBox(described.limits.low, described.limits.high, control.kind == "whole")
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    _set(box, described.default)
    return box


def _set(box: Any, value: Any) -> None:
    if isinstance(box, QComboBox):
        box.setCurrentText(str(value))
    elif isinstance(box, QCheckBox):
        box.setChecked(value)
    elif isinstance(box, QLineEdit):
        box.setText(f"{value:g}" if isinstance(value, float) else value)
    else:
        box.setValue(value)


def _value(box: Any, control: Control) -> Any:
    if isinstance(box, QComboBox):
        return box.currentText()
    if isinstance(box, QCheckBox):
        return box.isChecked()
    if isinstance(box, QLineEdit):
        return box.text().strip()
    return int(box.value()) if control.kind == "whole" else float(f"{box.value():.{DIGITS}g}")


def _on_change(box: Any, call: Any) -> None:
    for name in ("currentTextChanged", "toggled", "textChanged", "valueChanged"):
        if hasattr(box, name):
            getattr(box, name).connect(lambda *_: call())
            return

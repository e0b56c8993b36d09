"""The form of a training: recipe, network and length; everything else folded under "advanced"."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QWidget
from superqt import QCollapsible

from cellseg.options import described
from napari_cellseg.forms.answers import FormValues
from napari_cellseg.forms.numbers import NumberBox
from napari_cellseg.forms.option_form import OptionForm
from napari_cellseg.train.wishes import FIRST_OPTIONS, OPTION_GROUPS, Wishes, network_names, options
from napari_cellseg.widgets import column, combo, fold, form

BY_STEPS, BY_MINUTES = "steps", "minutes"
_TITLES = {"recipe": "Recipe", "model": "Network", "steps": "Train for"}


class TrainForm(QWidget):
    """Shows the wishes for a training, and changes them."""

    def __init__(self, wishes: Wishes) -> None:
        super().__init__()
        self._wishes = wishes
        tip = "Train so many steps, or as many as fit into a time on this computer."
        self.length = combo(tip, {BY_STEPS: "steps", BY_MINUTES: "minutes"})
        tip = "Minutes that the training may take; the plan reports how many steps that are."
        self.minutes = NumberBox(0.5, 10_000, whole=False, tooltip=tip)
        self.minutes.value = 2
        self._first = OptionForm(wishes.answers, [options()[name] for name in FIRST_OPTIONS[:2]], titles=_TITLES)
        self._steps = OptionForm(wishes.answers, [options()["steps"]], titles={"steps": ""})
        self._pages = {group: _page(wishes, group) for group in OPTION_GROUPS}
        self._groups = {group: fold(group, "", page) for group, page in self._pages.items()}
        tip = "All options of `cellseg train`, with the same names and limits."
        self.advanced = fold("Advanced", tip, *self._groups.values())
        column(self._first, self._length_row(), self.advanced, parent=self)
        self.length.currentIndexChanged.connect(self._on_length_changed)
        self.minutes.changed.connect(self._on_length_changed)
        self._on_length_changed()

    def box(self, name: str) -> Any:
        """The widget of an option."""
        return self._form_of(name).field(name)

    def group(self, name: str) -> QCollapsible:
        """A group under "advanced"."""
        return self._groups[name]

    def set_values(self, values: FormValues) -> None:
        """Set options by hand; names that are not in the form are left out."""
        self._wishes.answers.give(values)

    def take_network(self, given: bool) -> None:
        """Locks the network of the form where a model gives one."""
        for page in (self._first, self._pages["Network"]):
            page.enable_rows(network_names(), not given)

    def _form_of(self, name: str) -> OptionForm:
        if name == "steps":
            return self._steps
        group = next(group for group, owner in OPTION_GROUPS.items() if name in described(owner))
        return self._first if name in FIRST_OPTIONS else self._pages[group]

    def _length_row(self) -> QWidget:
        made = QWidget()
        parts = QHBoxLayout()
        parts.addWidget(self._steps, 1)
        parts.addWidget(self.minutes.native, 1)
        parts.addWidget(self.length)
        form(made).addRow(_TITLES["steps"], parts)
        return made

    def _on_length_changed(self) -> None:
        by_minutes = self.length.currentData() == BY_MINUTES
        self._wishes.minutes = self.minutes.value if by_minutes else None
        self._steps.setVisible(not by_minutes)
        self.minutes.visible = by_minutes


def _page(wishes: Wishes, group: str) -> OptionForm:
    shown = [option for name, option in described(OPTION_GROUPS[group]).items() if name not in FIRST_OPTIONS]
    return OptionForm(wishes.answers, shown)

"""The form of the weight map: what the Borders panel can set."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QWidget

from cellseg.options import WeightOptions
from napari_cellseg.option import option
from napari_cellseg.preview.number import Number
from napari_cellseg.widgets import add_row, column, combo, tall_form

CHOICES = {
    "background": "between the cells",
    "everywhere": "between and on the cells",
    "dataset": "over all images",
    "image": "in each image",
    "none": "not at all",
}
"""What the choices of an option are called on the panel."""


class WeightSettings(QWidget):
    """Sliders and choices; what is seldom needed is folded away."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.w0 = Number(option(WeightOptions, "w0"), (0, 50))
        self.sigma = Number(option(WeightOptions, "sigma"), (0.5, 30))
        self.spacing = Number(option(WeightOptions, "spacing"), (0.2, 5), decimals=2)
        self.where, self.balance = _choice("where"), _choice("balance")
        first, more = QWidget(), QWidget()
        rows = tall_form(first)
        add_row(rows, "Weight of borders (w0)", self.w0)
        add_row(rows, "Width in pixels (sigma)", self.sigma)
        add_row(rows, "Borders weigh more", self.where)
        rows = tall_form(more)
        add_row(rows, "Balance of the classes", self.balance)
        add_row(rows, "Height / width of a pixel", self.spacing)
        more.hide()
        unfold = QCheckBox("more")
        unfold.setToolTip("Balance of the classes, and pixels that are not square.")
        unfold.toggled.connect(more.setVisible)
        column(first, unfold, more, parent=self)
        for number in (self.w0, self.sigma, self.spacing):
            number.changed.connect(lambda _: self.changed.emit())
        for box in (self.where, self.balance):
            box.currentIndexChanged.connect(lambda _: self.changed.emit())

    def options(self) -> WeightOptions:
        """What is set."""
        return WeightOptions(
            w0=self.w0.value(),
            sigma=self.sigma.value(),
            where=self.where.currentData(),
            balance=self.balance.currentData(),
            spacing=self.spacing.value(),
        )

    def set_options(self, options: WeightOptions) -> None:
        """Show these settings."""
        self.w0.set_value(options.w0)
        self.sigma.set_value(options.sigma)
        self.spacing.set_value(options.spacing)
        for box, value in ((self.where, options.where), (self.balance, options.balance)):
            box.setCurrentIndex(box.findData(value))


def _choice(name: str) -> QComboBox:
    of = option(WeightOptions, name)
    box = combo(f"{of.help} {of.flag} on the command line.", {value: CHOICES[value] for value in of.choices})
    box.setCurrentIndex(box.findData(of.default))
    return box

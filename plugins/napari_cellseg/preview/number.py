"""A number to slide or to type."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from napari_cellseg.option import Option

STEPS = 200


class Number(QWidget):
    """A slider over the usual values of an option, and a box that takes all values within its limits."""

    changed = Signal(float)

    def __init__(self, of: Option, usual: tuple[float, float], decimals: int = 1) -> None:
        super().__init__()
        self._low, self._high = usual
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, STEPS if decimals else round(self._high - self._low))
        self._box = QDoubleSpinBox()
        self._box.setDecimals(decimals)
        self._box.setRange(of.limits.low, of.limits.high)
        self._box.setSingleStep(1.0 if of.default >= 1 else 0.1)
        self._box.setKeyboardTracking(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self.setToolTip(f"{of.help} {of.limits}, {of.default:g} by default; {of.flag} on the command line.")
        self._box.valueChanged.connect(self._from_box)
        self._slider.valueChanged.connect(self._from_slider)
        self._box.setValue(of.default)
        self._show(of.default)

    def value(self) -> float:
        """The number."""
        return float(self._box.value())

    def set_value(self, value: float) -> None:
        """Set the number, as if it were typed."""
        self._box.setValue(value)

    def _from_slider(self, at: int) -> None:
        self._box.setValue(self._low + (self._high - self._low) * at / self._slider.maximum())

    def _from_box(self, value: float) -> None:
        self._show(value)
        self.changed.emit(value)

    def _show(self, value: float) -> None:
        at = (value - self._low) / (self._high - self._low) * self._slider.maximum()
        self._slider.blockSignals(True)
        self._slider.setValue(round(min(max(at, 0), self._slider.maximum())))
        self._slider.blockSignals(False)

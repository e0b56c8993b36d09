"""Magicgui's widgets for numbers, where those that it has do not suit options.

Its FloatSpinBox shows 0.002 as 0.00, takes no 1e-4, and has no state for "not given"; its sliders end where the usual
values end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicgui.backends._qtpy.widgets import QBaseRangedWidget
from magicgui.widgets import FloatSlider, Slider
from magicgui.widgets.bases import RangedWidget, ValuedContainerWidget
from qtpy.QtCore import Qt
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox

_DIGITS = 10
NOT_GIVEN = "auto"
"""Shown for None; people type it on the command line, too."""

_LETTERS = frozenset("0123456789.,eE+-")
"""Of numbers."""
BOX_PX = 70
"""Of the box beside a slider, so that sliders below one another are equally long."""


class NumberBox(RangedWidget[Any]):
    """A box that takes all numbers within limits; None too, where the option is `optional`."""

    def __init__(self, low: float, high: float, *, whole: bool, optional: bool = False, **settings: Any) -> None:
        kind = {"low": low, "whole": whole}
        least = low - 1 if optional else low  # the place of None
        super().__init__(
            widget_type=_NumberBackend, min=least, max=high, nullable=optional, backend_kwargs=kind, **settings
        )

    def set_value(self, value: float | None) -> None:
        """Set the number; what is beyond the limits becomes the nearest one."""
        self._widget._mgui_set_value(value)


class SlideBox(ValuedContainerWidget[Any]):
    """A slider over the usual numbers beside a box that takes all of them."""

    def __init__(self, box: NumberBox, usual: tuple[float, float], step: float, **settings: Any) -> None:
        self._step = step
        kind = Slider if float(step).is_integer() else FloatSlider
        self._slider = kind(min=usual[0], max=usual[1], step=step, readout=False)
        self._box = box
        super().__init__(widgets=[self._slider, box], layout="horizontal", labels=False, **settings)
        self.margins = (0, 0, 0, 0)
        self._slider.changed.disconnect()  # it is the box that has the value
        self._box.changed.disconnect()
        self._slider.changed.connect(self._on_slid)
        self._box.changed.connect(self._on_typed)
        box.native.setFixedWidth(BOX_PX)
        self._follow()

    def get_value(self) -> Any:
        """The number in the box."""
        return self._box.value

    def set_value(self, value: Any) -> None:
        """Set the number; the slider goes as near as it can."""
        self._box.value = value

    def span(self, low: float, high: float) -> None:
        """Other usual numbers."""
        with self._slider.changed.blocked():
            self._slider.range = (low, high)
        self._follow()

    def _on_slid(self, value: float) -> None:
        self._box.value = float(f"{round(value / self._step) * self._step:.{_DIGITS}g}")

    def _on_typed(self, value: Any) -> None:
        self._follow()
        self.changed.emit(value)

    def _follow(self) -> None:
        low, high = self._slider.range
        value = self._box.value
        with self._slider.changed.blocked():
            self._slider.value = low if value is None else min(max(value, low), high)


class _NumberBackend(QBaseRangedWidget):
    """Binds magicgui to the box of Qt below."""

    def __init__(self, low: float = 0.0, whole: bool = False, **settings: Any) -> None:
        super().__init__(_ShortNumberBox, **settings)
        self._low, self._whole = low, whole
        self._qwidget.become(low, whole)

    def _mgui_get_value(self) -> float | int | None:
        value = float(f"{self._qwidget.value():.{_DIGITS}g}")
        if value < self._low:
            return None
        return int(value) if self._whole else value

    def _mgui_set_value(self, value: float | None) -> None:
        self._qwidget.setValue(self._qwidget.minimum() if value is None else float(value))

    def _mgui_bind_change_callback(self, callback: Callable[[Any], object]) -> None:
        self._qwidget.valueChanged.connect(lambda _: callback(self._mgui_get_value()))


class _ShortNumberBox(QDoubleSpinBox):
    """A box that shows a number as short as it is: 0.002, not 0.0020000000. Below `low` nothing is given."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._low, self._whole = 0.0, False

    def become(self, low: float, whole: bool) -> None:
        """Take whole numbers only, or all; those below `low` mean that nothing is given."""
        self._low, self._whole = low, whole
        self.setDecimals(0 if whole else _DIGITS)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def textFromValue(self, value: float) -> str:
        """Text of a number."""
        if value < self._low:
            return NOT_GIVEN
        return f"{value:.0f}" if self._whole else f"{value:.{_DIGITS}g}"

    def valueFromText(self, text: str) -> float:
        """Number of a text; 1e-4 too."""
        return self.minimum() if text.strip() == NOT_GIVEN else float(text.replace(",", "."))

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """True if it is a number, or may become one."""
        return self._state_of(text), text, at

    def stepBy(self, steps: int) -> None:
        """Go up or down; from "nothing" to the least number and back."""
        if self.value() < self._low:
            self.setValue(self._low if steps > 0 else self.minimum())
            return
        super().stepBy(steps)
        if self.value() < self._low:
            self.setValue(self.minimum())

    def _state_of(self, text: str) -> QValidator.State:
        if NOT_GIVEN.startswith(text.strip()) and self.minimum() < self._low:
            return _state(text.strip() == NOT_GIVEN)
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return QValidator.State.Intermediate if set(text) <= _LETTERS else QValidator.State.Invalid
        return _state(self._fits(value))

    def _fits(self, value: float) -> bool:
        return self._low <= value <= self.maximum() and (not self._whole or value == int(value))


def _state(whole: bool) -> QValidator.State:
    """State of what is a value already, or may become one."""
    return QValidator.State.Acceptable if whole else QValidator.State.Intermediate

"""The form of the weight map: what the Borders panel can set."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QCheckBox, QWidget

from cellseg.options import WeightOptions, described
from napari_cellseg.forms.answers import Answers
from napari_cellseg.forms.option_form import OptionForm, SliderSpan
from napari_cellseg.widgets import column

_FIRST, MORE = ("w0", "sigma", "where"), ("balance", "spacing")
_SPANS: dict[str, SliderSpan] = {"w0": (0, 50, 0.5), "sigma": (0.5, 30, 0.1), "spacing": (0.2, 5, 0.05)}
"""The usual values, which the sliders cover, and their steps."""
_TITLES = {
    "w0": "Weight of borders (w0)",
    "sigma": "Width in pixels (sigma)",
    "where": "Borders weigh more",
    "balance": "Balance of the classes",
    "spacing": "Height / width of a pixel",
}
_WORDS = {
    "where": {"background": "between the cells", "everywhere": "between and on the cells"},
    "balance": {"dataset": "over all images", "image": "in each image", "none": "not at all"},
}
"""What the choices of an option are called on the panel."""


class WeightSettings(QWidget):
    """Sliders and choices; what is seldom needed is folded away."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        first, more = (_form(answers, names) for names in (_FIRST, MORE))
        more.hide()
        unfold = QCheckBox("more")
        unfold.setToolTip("Balance of the classes, and pixels that are not square.")
        unfold.toggled.connect(more.setVisible)
        column(first, unfold, more, parent=self)
        self._forms = {**dict.fromkeys(_FIRST, first), **dict.fromkeys(MORE, more)}

    def field(self, name: str) -> Any:
        """The widget of an option."""
        return self._forms[name].field(name)


def _form(answers: Answers, names: tuple[str, ...]) -> OptionForm:
    options = [described(WeightOptions)[name] for name in names]
    return OptionForm(answers, options, spans=_SPANS, titles=_TITLES, words=_WORDS, tall=True)

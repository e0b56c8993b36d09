"""The sliders that make cells of probabilities, made from the options of `cellseg predict`."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from cellseg.options import PredictOptions, described
from napari_cellseg.forms.option_form import OptionForm, SliderSpan
from napari_cellseg.segment.cut import CUT, Cut
from napari_cellseg.widgets import column

_SPANS: dict[str, SliderSpan] = {
    "threshold": (0.01, 0.99, 0.01),
    "minimum_size": (0, 2000, 1),
    "minimum_probability": (0, 0.99, 0.01),
    "fill_holes": (0, 2000, 1),
    "object_diameter": (0, 500, 1),
    "link_overlap": (0.01, 1, 0.01),
}
"""The usual values, which the sliders cover, and their steps."""
_PIXELS = ("minimum_size", "fill_holes", "object_diameter")
WIDER = 4
"""The sliders of these cover at least so many times what is stored with the model."""
_TITLES = {
    "minimum_size": "Smallest cell",
    "minimum_probability": "Sure by half",
    "fill_holes": "Fill holes",
    "split": "Touching cells",
    "object_diameter": "Diameter",
    "link": "Planes",
    "link_overlap": "Overlap",
}
_WORDS = {
    "split": {"none": "as they are", "watershed": "cut apart"},
    "link": {"none": "each by itself", "overlap": "cells keep numbers"},
}


class CutControls(QWidget):
    """Threshold, smallest size, holes, splitting, linking; rows without an effect are hidden."""

    def __init__(self, cut: Cut) -> None:
        super().__init__()
        self._cut = cut
        options = [described(PredictOptions)[name] for name in CUT]
        self._form = OptionForm(cut.answers, options, spans=_SPANS, titles=_TITLES, words=_WORDS)
        column(self._form, parent=self)
        self.field = self._form.field
        cut.answers.changed.connect(self._on_answers_changed)
        self._on_answers_changed()

    def _on_answers_changed(self) -> None:
        shown, base = self._cut.shown, self._cut.answers.base
        for name in CUT:
            self._form.show_row(name, name in shown)
        for name in _PIXELS:
            low, high, _ = _SPANS[name]
            self.field(name).span(low, max(high, WIDER * base[name]))

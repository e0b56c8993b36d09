"""Cut of probabilities into cells: as the model has stored it, but for what somebody changed. Knows no window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from psygnal import Signal

from cellseg.options import PredictOptions
from napari_cellseg.forms.answers import Answers, FormValues

CUT = (
    "threshold",
    "minimum_size",
    "minimum_probability",
    "fill_holes",
    "split",
    "object_diameter",
    "link",
    "link_overlap",
)
"""Options of `cellseg predict` for which the network need not run again."""
LINKING = ("link", "link_overlap")
"""Those that need all planes."""
UNKNOWN = {"threshold": 0.5, "minimum_size": 0, "minimum_probability": 0.0, "fill_holes": 0, "split": 0.0}
"""What is shown before there is a model."""


class Cut:
    """The options of the cut."""

    changed = Signal()
    """Something was changed by hand."""

    def __init__(self) -> None:
        self.stack, self.classes = False, 2
        self.answers = Answers(stored_values(UNKNOWN))
        self.answers.changed.connect(self._on_answers_changed)
        self._adapting = False

    def adapt(self, stored: Mapping[str, Any], *, stack: bool, anew: bool = True) -> None:
        """Follow what is stored with a model.

        Args:
            stored: threshold, minimum_size, minimum_probability, fill_holes, split (0 or the usual diameter), and names
                of the classes.
            stack: whether there is more than one plane.
            anew: forget what was changed by hand.
        """
        self._adapting = True
        self.stack, self.classes = stack, len(stored.get("classes", ("background", "cell")))
        if anew:
            self.answers.reset(*CUT)
        self.answers.follow(stored_values(stored))
        self._adapting = False

    def expect(self, pixels: int) -> None:
        """Leave out what is smaller than cells are known to be, where the model says nothing of it."""
        if not self.answers.values["minimum_size"] and pixels:
            self._adapting = True
            self.answers.give({"minimum_size": pixels})
            self._adapting = False

    def _on_answers_changed(self) -> None:
        if not self._adapting:
            self.changed.emit()

    @property
    def options(self) -> FormValues:
        """Changed options that count, as fields of PredictOptions; all else is the model's own."""
        counts = self.shown
        return {name: value for name, value in self.answers.given.items() if name in counts}

    def of(self, result: str) -> FormValues:
        """The same for a kind of result: class numbers depend on the threshold alone, probabilities on nothing."""
        counts = {"instances": CUT, "classes": ("threshold",)}.get(result, ())
        return {name: value for name, value in self.options.items() if name in counts}

    @property
    def in_a_plane(self) -> FormValues:
        """The same for a field of one plane."""
        return {name: value for name, value in self.options.items() if name not in LINKING}

    @property
    def shown(self) -> frozenset[str]:
        """The options that have an effect."""
        values = self.answers.values
        hidden = {
            "threshold": self.classes > 2,  # each pixel has the most probable class
            "minimum_probability": self.classes > 2,
            "object_diameter": values["split"] != "watershed",
            "link": not self.stack,
            "link_overlap": not self.stack or values["link"] != "overlap",
        }
        return frozenset(name for name in CUT if not hidden.get(name, False))


def stored_values(stored: Mapping[str, Any]) -> FormValues:
    """The options that mean the same as what is stored with a model."""
    plain = {field.name: field.default for field in fields(PredictOptions)}
    diameter = float(round(stored["split"]))
    split = "watershed" if diameter else "none"
    sizes = {name: round(stored[name]) for name in ("minimum_size", "fill_holes")}
    probabilities = {name: stored[name] for name in ("threshold", "minimum_probability")}
    known = {**sizes, **probabilities, "split": split, "object_diameter": diameter}
    return {name: {**plain, **known}[name] for name in CUT}

"""Size at which the network sees the images: objects wider than its receptive field are made smaller."""

from __future__ import annotations

from collections.abc import Callable

from cellseg.errors import InputError
from cellseg.evaluation.choose_cut import are_outlined
from cellseg.models.card import ModelCard
from cellseg.models.registry import build_for
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet, median_diameter

WIDE = 64
"""Pixels across from which on objects may be too large; below, a larger --depth is the better answer."""
SEEN_AT_LEAST = 32
"""Pixels across that objects keep."""
MOST = 16.0
"""Images are not made larger or smaller by more than this."""


def magnifier(settings: TrainSettings, start: ModelCard | None = None) -> Callable[[float], float]:
    """A function from the median diameter of the annotated cells in pixels to the magnification for the network.

    By `--seen-diameter` and the diameter, which `--diameter` takes precedence over; where the former is not given, as
    the model that is gone on from, else by `fitting`.
    """
    wanted = settings.train.seen_diameter

    def times(measured: float) -> float:
        diameter = settings.train.diameter or measured
        if wanted is None:
            return start.scale if start is not None else fitting(diameter, settings)
        if not wanted:
            return 1.0
        if not diameter:
            found = f"--seen-diameter is {wanted:g}, but the labels number no cells"
            raise InputError(found, "Say with --diameter how wide objects are, or leave it out.")
        times = wanted / diameter
        if not 1 / MOST <= times <= MOST:
            limits = f"{diameter / MOST:.2g} to {diameter * MOST:.3g}"
            raise InputError(f"--seen-diameter is {wanted:g}, and cells have {diameter:.3g}", f"It must be {limits}.")
        return times

    return times


def seen_diameter(data: TrainingSet, settings: TrainSettings) -> float:
    """Usual diameter of the objects in pixels as the network sees them; 0: not known, as of strokes in cells."""
    if settings.train.diameter:
        return settings.train.diameter * data.scale
    truths = [image.truth for image in (*data.training, *data.held)]
    return median_diameter(data) if are_outlined(truths) else 0.0


def fitting(diameter: float, settings: TrainSettings) -> float:
    """1, but less where objects are wider than all that the network sees: they become as wide as its margin."""
    if diameter <= WIDE:
        return 1.0
    margin = build_for(settings.network, 1, 2)[0].geometry.margin
    return max(margin, SEEN_AT_LEAST) / diameter if diameter > 2 * margin else 1.0

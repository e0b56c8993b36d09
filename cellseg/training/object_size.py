"""How large the network sees the images: objects wider than all that it sees are made smaller."""

from __future__ import annotations

from collections.abc import Callable

from cellseg.errors import InputError
from cellseg.models.card import ModelCard
from cellseg.models.registry import build_for
from cellseg.options import TrainSettings

WIDE = 64
"""Pixels across from which on objects may be too large; below, a larger --depth is the better answer."""
SEEN_AT_LEAST = 32
"""Pixels across that objects keep."""
MOST = 16.0
"""Images are not made larger or smaller by more than this."""


def magnifier(settings: TrainSettings, start: ModelCard | None = None) -> Callable[[float], float]:
    """A function from the median diameter of the objects in pixels to how many times larger the network sees them.

    By `--diameter`; where it is auto as the model that is gone on from, else by `fitting`.
    """
    wanted = settings.train.diameter

    def times(diameter: float) -> float:
        if wanted == "auto":
            return start.scale if start is not None else fitting(diameter, settings)
        if not wanted:
            return 1.0
        if not diameter:
            raise InputError(f"--diameter is {wanted:g}, but the labels number no cells", "Leave --diameter out.")
        found = wanted / diameter
        if not 1 / MOST <= found <= MOST:
            limits = f"{diameter / MOST:.2g} to {diameter * MOST:.3g}"
            raise InputError(f"--diameter is {wanted:g}, and the cells have {diameter:.3g}", f"It must be {limits}.")
        return found

    return times


def fitting(diameter: float, settings: TrainSettings) -> float:
    """1, but less where objects are wider than all that the network sees: they become as wide as its margin."""
    if diameter <= WIDE:
        return 1.0
    margin = build_for(settings.network, 1, 2)[0].geometry.margin
    return max(margin, SEEN_AT_LEAST) / diameter if diameter > 2 * margin else 1.0

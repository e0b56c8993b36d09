"""Times, sizes and losses in words for people: one rule each, for the terminal and the window."""

from __future__ import annotations

import math

SMOOTH = 0.95
"""Share of the earlier value in a smoothed loss: steps of one sample are noisy."""


def duration(seconds: float) -> str:
    """Time for people: 40 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def time_left(seconds: float) -> str:
    """Time until the end, which is always an estimate: about 12 min."""
    return f"about {duration(seconds)}"


def size_of(count: float) -> str:
    """Amount of memory for people, from bytes: 800 MB, 1.2 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 999.5e6 else f"{count / 1e6:.3g} MB"


def smoothed(before: float | None, loss: float | None) -> float | None:
    """Running average of the loss after one more step.

    Args:
        before: average so far; None before the first step.
        loss: of the step. One that is missing or not finite leaves the average as it is.
    """
    if loss is None or not math.isfinite(loss):
        return before
    return loss if before is None else SMOOTH * before + (1 - SMOOTH) * loss


def loss_of(value: float | None) -> str:
    """Loss for people, 0.1234; nothing before the first step."""
    return "" if value is None else f"{value:.4f}"

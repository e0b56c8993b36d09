"""Times, sizes and losses in words for people: one rule each, for the terminal and the window."""

from __future__ import annotations

import math

HOUR = 3600.0
LONG = (("years", 365 * 24 * HOUR), ("days", 24 * HOUR))
"""Units of three and more of them, and their seconds."""
SMOOTH = 0.95
"""Share of the earlier value in a smoothed loss: steps of one sample are noisy."""


def duration(seconds: float) -> str:
    """Time for people: 40 s, 12 min, 3.5 h, 4 days, 30 years."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    name, length = next((one for one in LONG if seconds >= 3 * one[1]), ("h", HOUR))
    return f"{seconds / length:.1f} h" if name == "h" else f"{seconds / length:.3g} {name}"


def time_left(seconds: float) -> str:
    """Time until the end, which is always an estimate: about 12 min."""
    return f"about {duration(seconds)}"


def size_of(count: float) -> str:
    """Amount of memory for people, from bytes: 800 MB, 1.2 GB, 150 TB."""
    if count >= 99950e9:
        return f"{count / 1e12:.3g} TB"
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

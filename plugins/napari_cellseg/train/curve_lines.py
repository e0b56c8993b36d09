"""Curves as points in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST_POINTS = 400
"""A curve of more points is thinned: a dock is not wider."""


def thinned(points: Sequence[tuple[int, float]], most: int = MOST_POINTS) -> list[tuple[int, float]]:
    """At most `most` of the points, evenly spread, the last one among them."""
    if len(points) <= most:
        return list(points)
    return [points[k] for k in np.linspace(0, len(points) - 1, most).round().astype(int)]


def placed(
    points: Sequence[tuple[int, float]],
    box: tuple[float, float, float, float],
    steps: int,
    low: float,
    high: float,
) -> list[tuple[float, float]]:
    """Points (x, y) in a picture, y downwards.

    Args:
        points: (step, value).
        box: left, top, width, height of the picture.
        steps: at its right edge.
        low: value at its lower edge.
        high: value at its upper edge; what lies beyond the edges is drawn on them.
    """
    left, top, width, height = box
    span = max(high - low, 1e-12)
    return [
        (left + width * step / max(steps, 1), top + height * (1 - min(max((value - low) / span, 0.0), 1.0)))
        for step, value in points
    ]


def upper_limit(values: Sequence[float]) -> float:
    """A round number (1, 2 or 5 times a power of ten) not below the values that matter; a few outliers do not."""
    if not values:
        return 1.0
    high = max(float(np.quantile(values, 0.98)), 1e-6)
    power = 10.0 ** np.floor(np.log10(high))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= high * (1 - 1e-9)))

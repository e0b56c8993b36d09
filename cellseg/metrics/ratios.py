"""A part of a whole that may be empty."""

from __future__ import annotations


def ratio(part: float, whole: float, empty: float = 1.0) -> float:
    """part / whole; `empty` where there is nothing to divide by."""
    return float(part / whole) if whole else empty


def harmonic(first: float, second: float) -> float:
    """Harmonic mean of two shares, 0 where both are 0."""
    return ratio(2.0 * first * second, first + second, empty=0.0)

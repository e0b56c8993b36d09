"""Sentences on grey values that a person should know of before trusting a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cellseg.images.contrast import Levels
from cellseg.images.grey_steps import SteppedGreys
from cellseg.images.grey_values import PlaneGreys

FAR = 20.0
"""Contrasts from the middle from which on a few pixels hold most of the range of grey values."""
UNEVEN = 1.3
"""Contrasts by which the dark level rises across a plane from which on it is told; usual images have up to 0.9."""
MANY_FAINT = 0.3
"""Part of the places with something to see from which on faint ones are told; images of many kinds have up to 0.15."""
WHOLE = 0.005
"""Part of a plane from which on missing pixels are told."""


def grey_notes(greys: Mapping[int, PlaneGreys], planes: int) -> list[str]:
    """Sentences on the measured planes (by number) of an image with so many planes; none where there is nothing to say.

    By the rule of the mean, and by steps, nothing is known.
    """
    known = {k: each for k, each in greys.items() if isinstance(each, tuple)}
    found = []
    for words, fitting in (
        ("a single grey value: there is nothing to find", lambda level: level.constant),
        ("no contrast beyond noise and single pixels", lambda level: level.empty and not level.constant),
    ):
        numbers = [k for k, levels in known.items() if all(map(fitting, levels))]
        if numbers:
            found.append(f"{_where(numbers, planes)} {words}")
    every = [level for levels in known.values() for level in levels]
    return [*found, *_missing(every), *_far(every), *_uneven(every), *_faint(every)]


def is_constant(greys: PlaneGreys) -> bool:
    """True for a plane of one value in each channel, single pixels and missing parts aside."""
    if isinstance(greys, SteppedGreys):
        return greys.constant
    return isinstance(greys, tuple) and all(level.constant for level in greys)


def is_framed_noise(greys: PlaneGreys) -> bool:
    """True for a plane in which nothing is seen but margins around noise."""
    return isinstance(greys, tuple) and all(level.empty and level.no_data for level in greys)


def _missing(levels: Sequence[Levels]) -> list[str]:
    """A sentence on values that count as no data."""
    most = max((level.missing for level in levels), default=0.0)
    values = sorted({value for level in levels for value in level.no_data})
    if most < WHOLE:
        return []
    shown = ", ".join(f"{value:g}" for value in values[:3]) + (" and others" if len(values) > 3 else "")
    return [f"up to {most:.0%} of a plane is a margin or missing (grey value {shown}) and left out"]


def _far(levels: Sequence[Levels]) -> list[str]:
    """A sentence on few pixels that hold most of the range."""
    far = [level for level in levels if level.farthest > FAR and not level.constant and not level.no_data]
    if not far:
        return []
    worst = max(far, key=lambda level: level.farthest)
    kind = "single pixels" if worst.single else "a few places"
    return [
        f"{kind} lie {worst.farthest:.0f} times the usual contrast ({worst.low:.4g} to {worst.high:.4g}) away "
        "(hot pixels, dust?) and are dimmed"
    ]


def _uneven(levels: Sequence[Levels]) -> list[str]:
    """A sentence on uneven light."""
    most = max((level.uneven for level in levels), default=0.0)
    if most < UNEVEN:
        return []
    words = f"the ground rises by {most:.1f} times the contrast across a plane (uneven light?)"
    return [f"{words}: cells may be lost or invented there; subtract a smooth background first"]


def _faint(levels: Sequence[Levels]) -> list[str]:
    """A sentence on places that are much fainter than others."""
    most = max((level.faint for level in levels), default=0.0)
    if most < MANY_FAINT:
        return []
    words = f"{most:.0%} of the places with something to see have less than a seventh of the usual contrast"
    return [f"{words}: faint cells may be lost there; segment that part alone, or give it --grey-values LOW,HIGH"]


def _where(numbers: Sequence[int], planes: int) -> str:
    if planes == 1:
        return "the image has"
    return f"plane {numbers[0]} (from 0) has" if len(numbers) == 1 else f"{len(numbers)} of {planes} planes have"

"""Images that a person should look at first: what is odd about them, against the others and by itself.

A value is odd where it lies more than `ODD` deviations from the median of all images; the deviation is estimated by the
median distance (1.4826 times, that of a normal distribution), and is taken to be no less than a plausible spread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cellseg.arrays import Float64
from cellseg.report.facts import ImageFacts

ODD = 3.5
"""Deviations from the median from which on an image is odd."""
ENOUGH = 5
"""Images from which on they are compared with each other."""
UNSURE = 0.6
"""Certainty below which an image is doubtful by itself."""
CUT = 0.5
"""Part of the cells at the edge from which on it is told, of at least `FEW` cells."""
FEW = 4
EMPTY, NOTE, PLAIN = 20.0, 4.0, 5.0
"""Weights of remarks that are no deviation: no cells at all, a note on grey values, all others."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Sentence on an image, and how much it matters."""

    text: str
    weight: float


Rule = Callable[[Sequence[ImageFacts]], list[Remark | None]]
"""A remark, or none, for each image."""


def remarks_on(images: Sequence[ImageFacts]) -> list[list[Remark]]:
    """Oddities of each image, the weightiest first; nothing for most."""
    by_rule = [rule(images) for rule in RULES]
    found = [[one for one in column if one is not None] for column in zip(*by_rule, strict=True)]
    noted = [[*own, *(Remark(note, NOTE) for note in each.notes)] for own, each in zip(found, images, strict=True)]
    return [sorted(each, key=lambda remark: -remark.weight) for each in noted]


def first_to_see(remarks: Sequence[Sequence[Remark]]) -> list[int]:
    """Numbers of the images with remarks, those first about which most is odd."""
    total = [sum(remark.weight for remark in each) for each in remarks]
    return sorted((k for k, weight in enumerate(total) if weight), key=lambda k: -total[k])


def deviations(values: Float64, least: float) -> Float64:
    """(n,) distances from the median in deviations, which are no less than `least`; 0 where a value is nan.

    All are 0 where fewer than `ENOUGH` values are known.
    """
    known = values[~np.isnan(values)]
    if known.size < ENOUGH:
        return np.zeros(values.shape)
    middle = np.median(known)
    spread = max(1.4826 * float(np.median(np.abs(known - middle))), least)
    return np.asarray(np.nan_to_num((values - middle) / spread))


def _counts(images: Sequence[ImageFacts]) -> list[Remark | None]:
    """Many or few cells for the size of the image; none at all is told by itself."""
    density = np.array([each.density or np.nan for each in images])
    usual = _quartiles(density)
    far = deviations(np.log(density), least=0.25)

    def words(k: int) -> str:
        low, high = (round(value * images[k].cells / density[k]) for value in usual)
        return f"{'many' if far[k] > 0 else 'few'} cells: {images[k].cells}, usual are {_between(low, high)}"

    return [
        Remark("no cells found", EMPTY) if not images[k].cells else _odd(far[k], words, k) for k in range(len(images))
    ]


def _sizes(images: Sequence[ImageFacts]) -> list[Remark | None]:
    """Large or small cells."""
    sizes = np.array([each.sizes[1] for each in images])
    usual = _quartiles(sizes)
    far = deviations(np.log(sizes), least=0.12)

    def words(k: int) -> str:
        low, high = (value * images[k].unit_size for value in usual)
        unit = UNITS[images[k].size_unit]
        what = "large" if far[k] > 0 else "small"
        return f"{what} cells: median {images[k].size:.3g} {unit}, usual are {_between(f'{low:.3g}', f'{high:.3g}')}"

    return [_odd(far[k], words, k) for k in range(len(images))]


def _certainties(images: Sequence[ImageFacts]) -> list[Remark | None]:
    """Less certain than others, or than anyone should trust."""
    values = np.array([np.nan if each.certainty is None else each.certainty for each in images])
    far = -deviations(values, least=0.03)
    weights = np.where(values < UNSURE, np.maximum(far, PLAIN), far)

    def words(k: int) -> str:
        return f"low certainty: {values[k]:.2f}"

    return [_odd(max(weights[k], 0.0), words, k) for k in range(len(images))]


def _borders(images: Sequence[ImageFacts]) -> list[Remark | None]:
    """Cells cut by the border: more than half of them, or far more than elsewhere."""
    parts = np.array([each.cut / each.cells if each.cells >= FEW else np.nan for each in images])
    far = deviations(parts, least=0.08)
    weights = np.where(parts > CUT, np.maximum(far, PLAIN), far)

    def words(k: int) -> str:
        return f"{images[k].cut} of {images[k].cells} cells are cut by the border"

    return [_odd(max(weights[k], 0.0), words, k) for k in range(len(images))]


RULES: tuple[Rule, ...] = (_counts, _sizes, _certainties, _borders)
UNITS = {"px": "px", "um2": "µm²", "um3": "µm³"}
"""Units of sizes for people."""


def _odd(far: float, words: Callable[[int], str], k: int) -> Remark | None:
    return Remark(words(k), float(abs(far))) if abs(far) > ODD else None


def _quartiles(values: Float64) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    low, high = np.percentile(known, (25, 75)).tolist() if known.size else (np.nan, np.nan)
    return low, high


def _between(low: object, high: object) -> str:
    return f"{low}" if low == high else f"{low} to {high}"

"""The scores of many images as a few numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from cellseg.evaluation.judging import ImageScores
from cellseg.metrics.scores import in_order, pool, smaller_is_better

ScoreValues = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Summary:
    """The metrics over all images, by name; a metric that is not defined is nan or missing."""

    mean: dict[str, float]
    """Over the images in which it is defined and finite."""
    pooled: dict[str, float]
    """Over all objects, or pixels, of all images together; means over sections, such as V_rand, have no such value."""
    images: int
    partial: int
    """Number of images that are partly annotated."""


def summarise(scores: Sequence[ImageScores]) -> Summary:
    """The mean and the pooled metrics of the images that `evaluate` scored by the same names."""
    names = scores[0].asked if scores else ()
    return Summary(
        mean=in_order(mean_of(one.values for one in scores), names),
        pooled=pool(scores, names),
        images=len(scores),
        partial=sum(one.partial for one in scores),
    )


def mean_of(rows: Iterable[ScoreValues]) -> dict[str, float]:
    """The mean of each metric over the images in which it is defined and finite."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for name, value in chain.from_iterable(row.items() for row in rows):
        found[name].append(value)
    return {name: _finite_mean(values) for name, values in found.items()}


def _finite_mean(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def worst(rows: Mapping[str, ScoreValues], name: str) -> str:
    """The image with the worst value of a metric; empty where it is nowhere defined."""
    known = [image for image, row in rows.items() if name in row]
    sign = 1 if smaller_is_better(name) else -1
    return max(known, key=lambda image: sign * rows[image][name], default="")

"""Metrics by name: of one image, and pooled over many."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

import numpy as np

from cellseg.arrays import Labels
from cellseg.errors import InputError
from cellseg.metrics.ctc import det_score, detection_costs
from cellseg.metrics.detection import THRESHOLDS
from cellseg.metrics.information import v_info
from cellseg.metrics.inputs import mask_pair
from cellseg.metrics.overlap import overlaps
from cellseg.metrics.rand import JoinedPairs, joined_pairs, v_rand
from cellseg.metrics.ratios import ratio
from cellseg.metrics.tally import CellTally, tally_cells
from cellseg.metrics.thresholds import SMALLER_IS_BETTER
from cellseg.metrics.warping.error import warping_error

AT_IOU = ("average_precision", "f1", "precision", "recall")
"""Metrics that take an IoU threshold: f1@0.75; without one it is 0.5."""
GROUPS = {
    "em": ("pixel_error", "rand_error", "warping_error", "v_rand", "v_rand_thin", "v_info", "v_info_thin"),
    "cells": (
        "iou",
        "dice",
        "seg",
        "det",
        "average_precision",
        "mean_average_precision",
        "f1",
        "precision",
        "recall",
        "panoptic_quality",
        "aggregated_jaccard",
        "boundary_f1",
        "hausdorff95",
        "count_error",
    ),
}
_KNOWN = tuple(chain.from_iterable(GROUPS.values()))
OF_SECTIONS: dict[str, Callable[..., float]] = {
    "v_rand": v_rand,
    "v_rand_thin": functools.partial(v_rand, thin=True),
    "v_info": v_info,
    "v_info_thin": functools.partial(v_info, thin=True),
}
"""Defined as means over sections: they have no pooled value."""
OUTLINES = ("boundary_f1", "hausdorff95")


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPair:
    """Prediction and truth of one image; all arrays (H, W) or (Z, H, W), 0 = background."""

    prediction: Labels
    truth: Labels | None
    """Cells; None where there are only markers."""
    prediction_classes: Labels | None = None
    """Class of each pixel; with the truth's, cell metrics are taken class by class."""
    truth_classes: Labels | None = None
    markers: Labels | None = None
    """A mark on every cell; `det` is then taken from these."""
    marked_prediction: Labels | None = None
    """The prediction to hold against the markers, where that is another one."""
    partial: bool = False
    """Whether predicted cells were left out because only some true ones are annotated."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts from which the metrics are computed; `a + b` pools two images."""

    pixels: int = 0
    differing: int = 0
    mismatches: float = 0.0
    """Pixels of the warping error."""
    pairs: JoinedPairs = field(default_factory=JoinedPairs)
    cells: dict[int, CellTally] = field(default_factory=dict)
    """By class; 0 where labels number cells."""
    markers: tuple[int, int] | None = None
    """AOGM-D and AOGM-D0 of the markers."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            pixels=self.pixels + other.pixels,
            differing=self.differing + other.differing,
            mismatches=self.mismatches + other.mismatches,
            pairs=self.pairs + other.pairs,
            cells=_sum_by_class(self.cells, other.cells),
            markers=_sum_of_markers(self.markers, other.markers),
        )

    def values(self, names: Sequence[str]) -> dict[str, float]:
        """The metrics that can be pooled, by name; with classes their mean, and `name[class]` for each."""
        found: dict[str, float] = {}
        for name in names:
            found |= self._values_of(name)
        return found

    def _values_of(self, name: str) -> dict[str, float]:
        if name == "det" and self.markers:
            return {name: det_score(*self.markers)}
        return self._of_pixels(name) if name in GROUPS["em"] else self._of_classes(name)

    def _of_classes(self, name: str) -> dict[str, float]:
        """A metric of cells: its mean over the classes, and its value in each class that has a number."""
        values = {number: _of_cells(tally, name) for number, tally in self.cells.items()}
        if not values:
            return {}
        numbered = {f"{name}[{number}]": value for number, value in values.items() if number}
        return {name: float(np.mean(list(values.values()))), **numbered}

    def _of_pixels(self, name: str) -> dict[str, float]:
        if not self.pixels or name in OF_SECTIONS:
            return {}
        if name == "rand_error":
            return {name: self.pairs.error}
        return {name: (self.differing if name == "pixel_error" else self.mismatches) / self.pixels}


class Counted(Protocol):
    """Scores that can be pooled."""

    @property
    def counts(self) -> Counts:
        """The counts behind the scores."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The metrics of one image, and the counts by which it takes part in those of all."""

    values: dict[str, float]
    counts: Counts


def parse_names(text: str) -> tuple[str, ...]:
    """Metric names from `em`, `cells` or names with commas between them; f1@0.75 is F1 at an IoU of 0.75.

    Raises:
        InputError: there is no such metric, or no such threshold.
    """
    names = _expanded(text)
    unknown = [name for name in names if not _is_known(name)]
    if unknown or not names:
        found = f"there is no metric {', '.join(unknown)}" if unknown else "no metric was named"
        raise InputError(found, f"Known are: em, cells, {', '.join(_KNOWN)}; {', '.join(AT_IOU)} take @IOU.")
    for name in names:
        _iou_of(name)
    return names


def _expanded(text: str) -> tuple[str, ...]:
    """Names between commas, each once, those of a group in its place."""
    words = filter(None, map(str.strip, text.split(",")))
    return tuple(dict.fromkeys(name for word in words for name in GROUPS.get(word, (word,))))


def _is_known(name: str) -> bool:
    base, at, _ = name.partition("@")
    return base in AT_IOU if at else name in _KNOWN


def base_name(name: str) -> str:
    """f1 for f1@0.75 and f1[2]."""
    return name.partition("@")[0].partition("[")[0]


def smaller_is_better(name: str) -> bool:
    """True if a low value of the metric is a good one."""
    return base_name(name) in SMALLER_IS_BETTER


def score(compared: ComparedPair, names: Sequence[str], *, volume: bool = False) -> Scores:
    """The named metrics of one image; those that need a truth which is not there are left out.

    Args:
        compared: what to compare.
        names: from `parse_names`.
        volume: take (Z, H, W) as one volume where a metric would go section by section.

    Raises:
        InputError: the images are no label images of equal shape.
    """
    counts, values = Counts(), dict[str, float]()
    if compared.truth is not None:
        counts = _count(compared, compared.truth, names, volume)
        values = _of_sections(compared.prediction, compared.truth, names, volume)
    if "det" in names and compared.markers is not None:
        found = compared.prediction if compared.marked_prediction is None else compared.marked_prediction
        counts += Counts(markers=detection_costs(overlaps(found, compared.markers)))
    return Scores(in_order(counts.values(names) | values, names), counts)


def _of_sections(prediction: Labels, truth: Labels, names: Sequence[str], volume: bool) -> dict[str, float]:
    return {name: OF_SECTIONS[name](prediction, truth, volume=volume) for name in names if name in OF_SECTIONS}


def in_order(values: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """The values in the order of the names, each followed by those of its classes."""
    return {name: values[name] for asked in names for name in values if name == asked or name.startswith(f"{asked}[")}


def pool(scores: Sequence[Counted], names: Sequence[str]) -> dict[str, float]:
    """The metrics over the counts of all images, so that every object (or pixel) weighs the same."""
    return functools.reduce(operator.add, [one.counts for one in scores], Counts()).values(names)


def _count(compared: ComparedPair, truth: Labels, names: Sequence[str], volume: bool) -> Counts:
    predicted, true = mask_pair(compared.prediction, truth)
    warped = warping_error(predicted, true) * true.size if "warping_error" in names else 0.0
    pairs = joined_pairs(compared.prediction, truth, volume=volume) if "rand_error" in names else JoinedPairs()
    return Counts(
        pixels=true.size,
        differing=int(np.count_nonzero(predicted != true)),
        mismatches=warped,
        pairs=pairs,
        cells=_tallies(compared, truth, names),
    )


def _tallies(compared: ComparedPair, truth: Labels, names: Sequence[str]) -> dict[int, CellTally]:
    wanted = set(names) - set(GROUPS["em"])
    if not wanted:
        return {}
    thresholds = tuple(sorted(_thresholds_of(wanted)))
    outlines = not wanted.isdisjoint(OUTLINES)
    return {
        number: tally_cells(predicted, true, thresholds, outlines=outlines)
        for number, predicted, true in by_class(compared, truth)
    }


def _thresholds_of(names: Set[str]) -> set[float]:
    """IoU thresholds at which cells are matched."""
    mean = THRESHOLDS if "mean_average_precision" in names else ()
    return {*map(_iou_of, names), *mean}


def _sum_by_class(one: Mapping[int, CellTally], other: Mapping[int, CellTally]) -> dict[int, CellTally]:
    summed = {number: one[number] + other[number] for number in one.keys() & other.keys()}
    return dict(sorted({**one, **other, **summed}.items()))


def _sum_of_markers(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    return one[0] + other[0], one[1] + other[1]


def by_class(compared: ComparedPair, truth: Labels) -> list[tuple[int, Labels, Labels]]:
    """Class number, its predicted and its true cells; one entry of number 0 where labels number cells."""
    predicted, true = compared.prediction_classes, compared.truth_classes
    if predicted is None or true is None:
        return [(0, compared.prediction, truth)]
    numbers = [int(number) for number in np.union1d(predicted, true) if number]
    return [(k, np.where(predicted == k, compared.prediction, 0), np.where(true == k, truth, 0)) for k in numbers]


def _iou_of(name: str) -> float:
    text = name.partition("@")[2] or "0.5"
    try:
        threshold = float(text)
    except ValueError:
        threshold = -1.0
    if not 0 < threshold <= 1:
        raise InputError(f"{name}: the IoU threshold is {text}", "It must be above 0 and at most 1.")
    return threshold


def _of_cells(tally: CellTally, name: str) -> float:
    base = name.partition("@")[0]
    if base in AT_IOU:
        return float(getattr(tally.detections[_iou_of(name)], base))
    if base == "mean_average_precision":
        return ratio(sum(tally.detections[t].average_precision for t in THRESHOLDS), len(THRESHOLDS))
    return float(getattr(tally, base))

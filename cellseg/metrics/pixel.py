"""Scores of single pixels: foreground or class, no objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellseg.arrays import Labels
from cellseg.metrics.inputs import label_pair, mask_pair
from cellseg.metrics.overlap import table
from cellseg.metrics.ratios import ratio


def pixel_error(prediction: Labels, truth: Labels) -> float:
    """Share of the pixels at which the two foregrounds (label > 0) differ, 0 (perfect) to 1.

    This is Fiji's PixelError.getMetricValue, the mean squared error of the two-valued maps. The ISBI 2012
    leaderboard's column of that name (U-Net: 0.0611) is "1 - the maximal F-score of pixel similarity", which is `1 -
    dice(...)` at the best threshold.

    Args:
        prediction: (H, W) or (Z, H, W) labels or mask, 0 = background.
        truth: the same shape.

    Raises:
        InputError: the two are no label images of equal shape.
    """
    predicted, true = mask_pair(prediction, truth)
    return float(np.mean(predicted != true))


def iou(prediction: Labels, truth: Labels, of: int | None = None) -> float:
    """Intersection over union of the foregrounds (or of one class), 0 to 1 (perfect).

    Args:
        prediction: (H, W) or (Z, H, W) labels, class numbers or mask, 0 = background.
        truth: the same shape.
        of: class number; without it everything that is not 0.

    Returns:
        1 where both are empty, 0 where only one is.

    Raises:
        InputError: the two are no label images of equal shape.
    """
    both, predicted, true = _pixels(prediction, truth, of)
    return ratio(both, predicted + true - both)


def dice(prediction: Labels, truth: Labels, of: int | None = None) -> float:
    """Dice coefficient (F-score of the pixels) of the foregrounds or one class; arguments and limits as for `iou`."""
    both, predicted, true = _pixels(prediction, truth, of)
    return ratio(2 * both, predicted + true)


@dataclass(frozen=True, slots=True)
class ClassTally:
    """Pixel counts of each class but 0 that can be added up over images."""

    counts: dict[int, tuple[int, int, int]]
    """Class -> pixels in both, in the prediction, in the truth."""

    def __add__(self, other: ClassTally) -> ClassTally:
        counts = dict(self.counts)
        for name, (both, predicted, true) in other.counts.items():
            here = counts.get(name, (0, 0, 0))
            counts[name] = here[0] + both, here[1] + predicted, here[2] + true
        return ClassTally(dict(sorted(counts.items())))

    @property
    def iou(self) -> dict[int, float]:
        """Intersection over union of each class."""
        return {name: both / (predicted + true - both) for name, (both, predicted, true) in self.counts.items()}

    @property
    def dice(self) -> dict[int, float]:
        """Dice coefficient of each class."""
        return {name: 2 * both / (predicted + true) for name, (both, predicted, true) in self.counts.items()}


def tally_classes(prediction: Labels, truth: Labels) -> ClassTally:
    """Count the pixels of each class but 0 in two class maps, (H, W) or (Z, H, W); tallies of images can be added."""
    pairs = table(*label_pair(prediction, truth))
    predicted = dict(zip(pairs.prediction_ids.tolist(), pairs.prediction_areas.tolist(), strict=True))
    true = dict(zip(pairs.truth_ids.tolist(), pairs.truth_areas.tolist(), strict=True))
    same = pairs.truth_ids[pairs.truth_index] == pairs.prediction_ids[pairs.prediction_index]
    both = dict(zip(pairs.truth_ids[pairs.truth_index[same]].tolist(), pairs.areas[same].tolist(), strict=True))
    names = sorted({*predicted, *true})
    return ClassTally({name: (both.get(name, 0), predicted.get(name, 0), true.get(name, 0)) for name in names})


def _pixels(prediction: Labels, truth: Labels, of: int | None) -> tuple[int, int, int]:
    """Foreground pixels in both, in the prediction and in the truth."""
    prediction, truth = label_pair(prediction, truth)
    predicted, true = (image > 0 if of is None else image == of for image in (prediction, truth))
    return int(np.sum(predicted & true)), int(np.sum(predicted)), int(np.sum(true))

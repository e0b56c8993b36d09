"""Objects found, missed and invented."""

from __future__ import annotations

from dataclasses import dataclass

from cellseg.arrays import Labels
from cellseg.metrics.matching import match
from cellseg.metrics.overlap import Overlaps, overlaps
from cellseg.metrics.ratios import ratio

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""The IoU thresholds of the 2018 Data Science Bowl and of COCO."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Matched and unmatched objects at one IoU threshold; can be added up over images."""

    found: int
    """Matched pairs: true positives."""
    missed: int
    """Truth objects without a partner: false negatives."""
    invented: int
    """Predicted objects without a partner: false positives."""
    iou: float
    """Sum of the IoU of the matched pairs."""

    def __add__(self, other: Detections) -> Detections:
        return Detections(
            self.found + other.found,
            self.missed + other.missed,
            self.invented + other.invented,
            self.iou + other.iou,
        )

    @property
    def average_precision(self) -> float:
        """TP / (TP + FP + FN); 1 where there is no object at all."""
        return ratio(self.found, self.found + self.missed + self.invented)

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 1 where nothing was predicted."""
        return ratio(self.found, self.found + self.invented)

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 1 where the truth is empty."""
        return ratio(self.found, self.found + self.missed)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 where there is no object at all."""
        return ratio(2 * self.found, 2 * self.found + self.missed + self.invented)

    @property
    def panoptic_quality(self) -> float:
        """Sum of IoU / (TP + FP / 2 + FN / 2); 1 where there is no object at all."""
        return ratio(self.iou, self.found + (self.missed + self.invented) / 2)


def detections(pairs: Overlaps, threshold: float) -> Detections:
    """Count an overlap table's matches at an IoU of `threshold` or more."""
    matched = match(pairs, threshold)
    return Detections(
        found=matched.size,
        missed=pairs.truth_ids.size - matched.size,
        invented=pairs.prediction_ids.size - matched.size,
        iou=float(pairs.iou[matched].sum()),
    )


def average_precision(prediction: Labels, truth: Labels, threshold: float = 0.5) -> float:
    """TP / (TP + FP + FN) at one IoU threshold, 0 to 1 (perfect).

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.
        threshold: least IoU of a match; usually one of `THRESHOLDS`.

    Returns:
        1 where both are empty, 0 where only one is.

    Raises:
        InputError: the two are no label images of equal shape, or the threshold is out of range.

    Source:
        Schmidt et al. 2018 (StarDist), section 3; Stringer et al. 2021 (Cellpose), Nat. Methods 18:100, Methods.
    """
    return detections(overlaps(prediction, truth), threshold).average_precision


def f1(prediction: Labels, truth: Labels, threshold: float = 0.5) -> float:
    """F1 score of the objects, 2 TP / (2 TP + FP + FN); arguments, limits and errors as for `average_precision`."""
    return detections(overlaps(prediction, truth), threshold).f1


def count_error(prediction: Labels, truth: Labels) -> float:
    """|predicted - true number of objects| / true number, 0 = perfect, without an upper limit.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.

    Returns:
        0 where both are empty, 1 where only one is.

    Raises:
        InputError: the two are no label images of equal shape.
    """
    pairs = overlaps(prediction, truth)
    difference = abs(pairs.prediction_ids.size - pairs.truth_ids.size)
    return ratio(difference, pairs.truth_ids.size, empty=float(difference > 0))

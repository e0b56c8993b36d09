"""Scores that join detection and shape in one number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.detection import Detections, detections
from cellseg.metrics.overlap import Overlaps, overlaps
from cellseg.metrics.ratios import ratio

ABOVE_HALF = math.nextafter(0.5, 1.0)
"""The smallest threshold for "IoU above 0.5", which makes matches unique."""


def panoptic_quality(prediction: Labels, truth: Labels) -> float:
    """Sum of the matches' IoU / (TP + FP / 2 + FN / 2), matches at an IoU above 0.5, 0 to 1 (perfect).

    Args:
        prediction: (H, W) or (Z, H, W) instance labels of one class, 0 = background; a boolean mask counts as its
            components.
        truth: the same shape.

    Returns:
        1 where both are empty, 0 where only one is.

    Raises:
        InputError: the two are no label images of equal shape.

    Source:
        Kirillov et al. 2019, Panoptic segmentation, CVPR, equation 1.
    """
    return panoptic_detections(overlaps(prediction, truth)).panoptic_quality


def panoptic_detections(pairs: Overlaps) -> Detections:
    """The matches at an IoU above 0.5."""
    return detections(pairs, ABOVE_HALF)


def aggregated_jaccard(prediction: Labels, truth: Labels) -> float:
    """Aggregated Jaccard index, 0 to 1 (perfect): summed intersections over summed unions of best partners.

    Every truth object takes the predicted object of highest IoU (one may serve several, as in the paper); predicted
    objects that nobody took add their area to the unions. Among partners of equal IoU the larger overlap counts.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.

    Returns:
        1 where both are empty, 0 where only one is.

    Raises:
        InputError: the two are no label images of equal shape.

    Source:
        Kumar et al. 2017, IEEE Trans. Med. Imaging 36:1550, algorithm 1.
    """
    return ratio(*jaccard_sums(overlaps(prediction, truth)))


def jaccard_sums(pairs: Overlaps) -> tuple[int, int]:
    """Sum of intersections and sum of unions of the aggregated Jaccard index."""
    best = _best(pairs.iou, pairs)
    best &= _best(np.where(best, pairs.areas, 0), pairs)
    first = np.flatnonzero(best)[np.unique(pairs.truth_index[best], return_index=True)[1]]
    alone = np.delete(pairs.truth_areas, pairs.truth_index[first]).sum()
    unused = np.delete(pairs.prediction_areas, np.unique(pairs.prediction_index[best])).sum()
    return int(pairs.areas[first].sum()), int(pairs.unions[first].sum() + alone + unused)


def _best(scores: NDArray[Any], pairs: Overlaps) -> NDArray[np.bool_]:
    """(k,) bool: pairs whose score is the highest of their truth object."""
    highest = np.zeros(pairs.truth_ids.size)
    np.maximum.at(highest, pairs.truth_index, scores)
    return np.asarray(scores == highest[pairs.truth_index])

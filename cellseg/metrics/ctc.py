"""The Cell Tracking Challenge's measures of segmentation and detection.

Source: Ulman et al. 2017, Nat. Methods 14:1141; Matula et al. 2015, PLoS ONE 10:e0144959 (AOGM); the challenge's
evaluation software, whose logs the tests repeat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.components import bool_instances
from cellseg.metrics.inputs import label_pair
from cellseg.metrics.overlap import Overlaps, overlaps, table
from cellseg.metrics.ratios import ratio

SPLIT, MISSED, INVENTED = 5, 10, 1
"""Costs of separating one merged marker, adding a missed object and deleting an invented one."""


def seg(prediction: Labels, truth: Labels) -> float:
    """SEG, 0 to 1 (perfect): the mean over the truth objects of J.

    J is the IoU of a truth object with the predicted object that covers more than half of it, 0 where there is none.
    What is predicted elsewhere costs nothing, so a partly annotated truth is fine.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.

    Returns:
        1 where both are empty, 0 where only one is (the challenge leaves an empty truth undefined).

    Raises:
        InputError: the two are no label images of equal shape.
    """
    pairs = overlaps(prediction, truth)
    return ratio(float(jaccards(pairs).sum()), pairs.truth_ids.size, empty=float(pairs.prediction_ids.size == 0))


def det(prediction: Labels, truth: Labels) -> float:
    """DET, 0 to 1 (perfect): 1 - min(AOGM-D, AOGM-D0) / AOGM-D0.

    AOGM-D is what it costs to correct the prediction: 10 for each missed truth object, 1 for each invented one and 5
    for each truth object more than one in the same predicted object; AOGM-D0 is the cost of adding every truth
    object. A truth object is found by the predicted object that covers more than half of it.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape; the challenge's markers (TRA) or masks.

    Returns:
        1 where both are empty, 0 where only one is (the challenge leaves an empty truth undefined).

    Raises:
        InputError: the two are no label images of equal shape.
    """
    return det_score(*detection_costs(overlaps(prediction, truth)))


def jaccards(pairs: Overlaps) -> NDArray[np.float64]:
    """J of each truth object, (n,) in the order of the table's `truth_ids`."""
    covered = _covered(pairs)
    values = np.zeros(pairs.truth_ids.size)
    values[pairs.truth_index[covered]] = pairs.iou[covered]
    return values


def detection_costs(pairs: Overlaps) -> tuple[int, int]:
    """AOGM-D and AOGM-D0 of one image; the challenge adds them up over a sequence before `det_score`."""
    covered = _covered(pairs)
    holds = np.bincount(pairs.prediction_index[covered], minlength=pairs.prediction_ids.size)
    splits = int(np.maximum(holds - 1, 0).sum())
    missed = pairs.truth_ids.size - int(covered.sum())
    return SPLIT * splits + MISSED * missed + INVENTED * int((holds == 0).sum()), MISSED * pairs.truth_ids.size


def det_score(cost: int, cost_of_nothing: int) -> float:
    """DET from (summed) AOGM-D and AOGM-D0."""
    return 1.0 - ratio(min(cost, cost_of_nothing), cost_of_nothing, empty=float(cost > 0))


def inside_field(labels: Labels, border: int) -> Labels:
    """Labels without the objects that lie wholly in the border strip, which the challenge never annotates.

    Args:
        labels: (H, W) or (Z, H, W) instance labels, 0 = background.
        border: width of the strip along H and W in pixels (the challenge's E: 50 for DIC-C2DH-HeLa, 25 for
            Fluo-N2DL-HeLa).
    """
    if border <= 0:
        return labels
    seen = np.unique(labels[..., border:-border, border:-border])
    return np.where(np.isin(labels, seen), labels, 0)


def annotated_only(prediction: Labels, truth: Labels) -> Labels:
    """The prediction without the objects that belong to no truth object; for frames in which only some were annotated.

    A predicted object belongs to a truth object if it covers more than half of it or lies in it with more than half of
    itself. To touch is not enough: the cell beside an annotated one often overlaps it by some pixels.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.

    Raises:
        InputError: the two are no label images of equal shape.
    """
    prediction, truth = label_pair(prediction, truth)
    prediction = bool_instances(prediction)
    pairs = table(prediction, bool_instances(truth))
    inside = 2 * pairs.areas > pairs.prediction_areas[pairs.prediction_index]
    belongs = pairs.prediction_ids[pairs.prediction_index[inside | _covered(pairs)]]
    return np.where(np.isin(prediction, belongs), prediction, 0)


def _covered(pairs: Overlaps) -> NDArray[np.bool_]:
    """(k,) bool: the predicted object covers more than half of the truth object; at most once per truth object."""
    return np.asarray(2 * pairs.areas > pairs.truth_areas[pairs.truth_index])

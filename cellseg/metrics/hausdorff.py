"""Hausdorff distance between the outlines of matched objects."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.boundary import boundary_mask
from cellseg.metrics.components import bool_instances
from cellseg.metrics.inputs import label_pair
from cellseg.metrics.matching import match
from cellseg.metrics.overlap import Overlaps, table


def hausdorff95(prediction: Labels, truth: Labels, threshold: float = 0.5) -> float:
    """Mean 95th percentile Hausdorff distance of the matched objects in pixels, 0 = perfect.

    Of each matched pair the boundary pixels' distances to the other's nearest boundary pixel are taken, from both
    sides; the larger of the two 95th percentiles is the pair's distance. Objects end at the image's frame.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.
        threshold: least IoU of a match.

    Returns:
        0 where both are empty, infinity where there are objects but no match.

    Raises:
        InputError: the two are no label images of equal shape, or the threshold is out of range.

    Source:
        Huttenlocher et al. 1993, IEEE PAMI 15:850 (partial Hausdorff distance).
    """
    prediction, truth = label_pair(prediction, truth)
    prediction, truth = bool_instances(prediction), bool_instances(truth)
    pairs = table(prediction, truth)
    distances = matched_distances(prediction, truth, pairs, threshold)
    if distances.size == 0:
        return 0.0 if pairs.truth_ids.size == pairs.prediction_ids.size == 0 else math.inf
    return float(distances.mean())


def matched_distances(
    prediction: Labels, truth: Labels, pairs: Overlaps, threshold: float = 0.5
) -> NDArray[np.float64]:
    """The 95th percentile Hausdorff distance of each match, in the order of `match(pairs, threshold)`."""
    from cellseg.metrics.nearest import directed_percentiles

    matched = match(pairs, threshold)
    predicted = _outlines(prediction, pairs.prediction_ids)
    true = _outlines(truth, pairs.truth_ids)
    both = np.stack([pairs.prediction_index[matched], pairs.truth_index[matched]], axis=1).astype(np.int64)
    there = directed_percentiles(*predicted, *true, both, 95.0)
    back = directed_percentiles(*true, *predicted, np.ascontiguousarray(both[:, ::-1]), 95.0)
    return np.asarray(np.maximum(there, back))


def _outlines(labels: Labels, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Boundary pixels (n, D) object by object, and where each object's begin and end."""
    where = np.nonzero(boundary_mask(labels, frame=True))
    owner = labels[where].astype(np.int64)
    order = np.argsort(owner, kind="stable")
    points = np.stack(where, axis=1)[order].astype(np.int64)
    return points, np.append(np.searchsorted(owner[order], ids), len(points)).astype(np.int64)

"""Overlaps in pixels of predicted objects with objects of the ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Int64, Labels
from cellseg.metrics.components import bool_instances
from cellseg.metrics.inputs import label_pair


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """The sparse overlap table of n truth objects, m predicted objects and the k pairs that share a pixel.

    The pairs are sorted by truth object, then by predicted object; each pair occurs once. Objects are named by their
    index; their labels stand in `truth_ids` and `prediction_ids`, in rising order and without 0.
    """

    truth_ids: Int64
    """(n,) labels."""
    prediction_ids: Int64
    """(m,) labels."""
    truth_areas: Int64
    """(n,) pixels."""
    prediction_areas: Int64
    """(m,) pixels."""
    truth_index: Int64
    """(k,) the truth object of each pair."""
    prediction_index: Int64
    """(k,) the predicted object of each pair."""
    areas: Int64
    """(k,) shared pixels, 1 or more."""

    @property
    def unions(self) -> Int64:
        """(k,) pixels that belong to at least one of the two objects."""
        return self.truth_areas[self.truth_index] + self.prediction_areas[self.prediction_index] - self.areas

    @property
    def iou(self) -> NDArray[np.float64]:
        """(k,) intersection over union of each pair."""
        return self.areas / self.unions


def overlaps(prediction: Labels, truth: Labels) -> Overlaps:
    """The sparse overlap table of two label images; memory grows with runs of equal pixels, never with n x m.

    Args:
        prediction: (H, W) or (Z, H, W), integer labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.

    Raises:
        InputError: the two are no label images of equal shape.
    """
    prediction, truth = label_pair(prediction, truth)
    return table(bool_instances(prediction), bool_instances(truth))


def table(prediction: Labels, truth: Labels) -> Overlaps:
    """`overlaps` of arrays that were checked before."""
    starts = run_starts(prediction, truth)
    lengths = np.diff(starts, append=prediction.size)
    prediction_ids, predicted = object_index(prediction.reshape(-1)[starts])
    truth_ids, true = object_index(truth.reshape(-1)[starts])
    both = (predicted >= 0) & (true >= 0)
    width = max(prediction_ids.size, 1)
    pairs, inverse = np.unique(true[both] * width + predicted[both], return_inverse=True)
    return Overlaps(
        truth_ids=truth_ids,
        prediction_ids=prediction_ids,
        truth_areas=_sums(true + 1, lengths, truth_ids.size + 1)[1:],
        prediction_areas=_sums(predicted + 1, lengths, prediction_ids.size + 1)[1:],
        truth_index=pairs // width,
        prediction_index=pairs % width,
        areas=_sums(inverse, lengths[both], pairs.size),
    )


def run_starts(*images: Labels) -> NDArray[np.intp]:
    """Flat positions at which a row begins or the value of one of the images changes; they cut it into equal runs."""
    new = np.zeros(images[0].size, dtype=np.bool_)
    new[:: images[0].shape[-1]] = True
    for image in images:
        flat = image.reshape(-1)
        new[1:] |= flat[1:] != flat[:-1]
    return np.flatnonzero(new)


def object_index(labels: Labels) -> tuple[Int64, Int64]:
    """The labels that occur without 0, and for each element of labels (k,) the index of its label, -1 for 0."""
    if int(labels.max()) <= 2 * labels.size:  # counting is faster than sorting where the numbers are not sparse
        present = np.bincount(labels.astype(np.int64), minlength=1) > 0
        present[0] = False
        ids = np.flatnonzero(present)
        return ids, np.where(labels > 0, (np.cumsum(present) - 1)[labels], -1)
    ids, index = np.unique(labels, return_inverse=True)
    background = int(ids[0] == 0)
    return ids[background:].astype(np.int64), index.astype(np.int64) - background


def _sums(index: Int64, values: Int64, size: int) -> Int64:
    return np.bincount(index, weights=values, minlength=size).astype(np.int64)

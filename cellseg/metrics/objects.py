"""One row per object: what became of it, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.components import bool_instances
from cellseg.metrics.ctc import jaccards
from cellseg.metrics.inputs import label_pair
from cellseg.metrics.matching import Indices, match
from cellseg.metrics.overlap import Overlaps, table
from cellseg.metrics.regions import Regions, regions

Side = Literal["truth", "prediction"]
ObjectKind = Literal["matched", "missed", "invented", "split", "merged"]


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """A truth object, or a predicted object without a partner. Positions are in pixels, axes (Y, X) or (Z, Y, X)."""

    side: Side
    """Which of the two images the object is in."""
    kind: ObjectKind
    truth_id: int
    """Label in the truth (of the partner, else of the one with the highest IoU), 0 = none."""
    prediction_id: int
    """Label in the prediction (of the partner, else of the one with the highest IoU), 0 = none."""
    iou: float
    """IoU of these two, 0 where one is missing."""
    jaccard: float
    """J of `seg` of a truth object; 0 for a predicted one."""
    area: int
    """Pixels of the object."""
    centroid: tuple[float, ...]
    start: tuple[int, ...]
    """First coordinates of the bounding box."""
    stop: tuple[int, ...]
    """Coordinates behind its last."""


def object_table(prediction: Labels, truth: Labels, threshold: float = 0.5) -> list[ObjectRow]:
    """Table of all objects: a row per truth object, then a row per predicted object without a partner.

    A truth object is *matched* at an IoU of `threshold` or more (one to one, as in `f1`), else *merged* if a
    predicted object covers more than half of it and more than half of another too, else *split* if two or more
    predicted objects lie in it with more than half of their own area, else *missed*. A predicted object without a
    partner is *merged* if it covers more than half of two truth objects, *split* if it lies with more than half of
    its area in a truth object that is matched or split, else *invented*. So the matched rows are the true positives,
    the other truth rows the false negatives and the rest the false positives.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.
        threshold: least IoU of a match.

    Raises:
        InputError: the two are no label images of equal shape, or the threshold is out of range.
    """
    prediction, truth = label_pair(prediction, truth)
    prediction, truth = bool_instances(prediction), bool_instances(truth)
    pairs = table(prediction, truth)
    matched = match(pairs, threshold)
    truth_kinds, prediction_kinds = _kinds(pairs, matched)
    of_truth = _partners(pairs, pairs.truth_index, pairs.truth_ids.size, matched)
    of_prediction = _partners(pairs, pairs.prediction_index, pairs.prediction_ids.size, matched)
    alone = np.flatnonzero(prediction_kinds != "matched")
    everyone = np.arange(pairs.truth_ids.size)
    return [
        *_rows(everyone, truth_kinds, "truth", of_truth, pairs, regions(truth, pairs.truth_ids)),
        *_rows(alone, prediction_kinds, "prediction", of_prediction, pairs, regions(prediction, pairs.prediction_ids)),
    ]


def _kinds(pairs: Overlaps, matched: Indices) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """The kind of each truth object and of each predicted object."""
    true, predicted = pairs.truth_index, pairs.prediction_index
    n, m = pairs.truth_ids.size, pairs.prediction_ids.size
    covers = 2 * pairs.areas > pairs.truth_areas[true]
    inside = 2 * pairs.areas > pairs.prediction_areas[predicted]
    merging = np.bincount(predicted[covers], minlength=m) > 1
    merged = _any(true[covers & merging[predicted]], n)
    is_split = np.bincount(true[inside], minlength=n) > 1
    found = _any(true[matched], n)
    fragment = _any(predicted[inside & (found | is_split)[true]], m)
    truth_kinds = np.select([found, merged, is_split], ["matched", "merged", "split"], "missed")
    mates = _any(predicted[matched], m)
    return truth_kinds, np.select([mates, merging, fragment], ["matched", "merged", "split"], "invented")


def _any(index: Indices, size: int) -> NDArray[np.bool_]:
    """(size,) bool: which numbers occur in `index`."""
    return np.asarray(np.bincount(index, minlength=size) > 0)


def _partners(pairs: Overlaps, owner: Indices, size: int, matched: Indices) -> Indices:
    """For each object the pair of its match, else of its highest IoU, else -1."""
    partner = np.full(size, -1)
    order = np.argsort(pairs.iou, kind="stable")
    partner[owner[order]] = order
    partner[owner[matched]] = matched
    return partner


def _rows(
    chosen: Indices, kinds: NDArray[np.str_], side: Side, partners: Indices, pairs: Overlaps, where: Regions
) -> list[ObjectRow]:
    """The rows of the objects `chosen` of one side."""
    pair = partners[chosen]
    lone = pair < 0
    truth_ids = _ids(pairs.truth_ids, pairs.truth_index, pair)
    prediction_ids = _ids(pairs.prediction_ids, pairs.prediction_index, pair)
    if side == "truth":
        truth_ids = pairs.truth_ids[chosen]
    else:
        prediction_ids = pairs.prediction_ids[chosen]
    iou = np.where(lone, 0.0, np.append(pairs.iou, 0.0)[pair])
    jaccard = jaccards(pairs)[chosen] if side == "truth" else np.zeros(chosen.size)
    columns = zip(
        [side] * chosen.size,
        kinds[chosen].tolist(),
        truth_ids.tolist(),
        prediction_ids.tolist(),
        iou.tolist(),
        jaccard.tolist(),
        where.areas[chosen].tolist(),
        map(tuple, where.centroids[chosen].tolist()),
        map(tuple, where.starts[chosen].tolist()),
        map(tuple, where.stops[chosen].tolist()),
        strict=True,
    )
    return [ObjectRow(*row) for row in columns]


def _ids(ids: NDArray[np.int64], index: Indices, pair: Indices) -> NDArray[np.int64]:
    """The label at the other end of each pair, 0 for pair -1."""
    return np.append(ids[index], 0)[pair]

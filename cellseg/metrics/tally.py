"""All cell metrics of an image at once, and of many images pooled."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from cellseg.arrays import Labels
from cellseg.errors import InputError
from cellseg.metrics.boundary import BoundaryHits, boundary_hits
from cellseg.metrics.components import bool_instances
from cellseg.metrics.ctc import det_score, detection_costs, jaccards
from cellseg.metrics.detection import THRESHOLDS, Detections, detections
from cellseg.metrics.hausdorff import matched_distances
from cellseg.metrics.inputs import label_pair
from cellseg.metrics.overlap import Overlaps, table
from cellseg.metrics.panoptic import jaccard_sums, panoptic_detections
from cellseg.metrics.ratios import ratio


@dataclass(frozen=True, slots=True)
class Outlines:
    """Distances of outlines from each other."""

    boundary: BoundaryHits
    distances: float
    """Sum of the Hausdorff distances of the matches."""
    matches: int

    def __add__(self, other: Outlines) -> Outlines:
        return Outlines(self.boundary + other.boundary, self.distances + other.distances, self.matches + other.matches)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTally:
    """The counts behind the cell metrics; `a + b` is the tally of both images, so the metrics of a sum are pooled.

    Every object weighs the same in a pooled metric, in whatever image it is. Empty images: as in the single metrics.
    """

    detections: dict[float, Detections]
    """IoU threshold -> matches."""
    panoptic: Detections
    truth_count: int
    prediction_count: int
    count_difference: int
    """Sum over the images of |predicted - true number|."""
    seg_sum: float
    det_cost: int
    det_cost_of_nothing: int
    jaccard_intersection: int
    jaccard_union: int
    shared_pixels: int
    prediction_pixels: int
    truth_pixels: int
    outlines: Outlines | None
    """What boundary F1 and Hausdorff distance need; None where it was not asked for, and the two are nan."""

    def __add__(self, other: CellTally) -> CellTally:
        if self.detections.keys() != other.detections.keys():
            raise InputError("two tallies have different IoU thresholds", "Make both with the same.")
        sums: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in _summed()}
        outlines = self.outlines + other.outlines if self.outlines and other.outlines else None
        return CellTally(
            detections={t: self.detections[t] + other.detections[t] for t in self.detections}, outlines=outlines, **sums
        )

    @property
    def average_precision(self) -> dict[float, float]:
        """TP / (TP + FP + FN) at each IoU threshold."""
        return {threshold: counts.average_precision for threshold, counts in self.detections.items()}

    @property
    def mean_average_precision(self) -> float:
        """Mean of `average_precision` over the thresholds."""
        return ratio(sum(self.average_precision.values()), len(self.detections))

    @property
    def f1(self) -> dict[float, float]:
        """F1 score of the objects at each IoU threshold."""
        return {threshold: counts.f1 for threshold, counts in self.detections.items()}

    @property
    def panoptic_quality(self) -> float:
        return self.panoptic.panoptic_quality

    @property
    def seg(self) -> float:
        """The Cell Tracking Challenge's SEG: mean over all truth objects of all images."""
        return ratio(self.seg_sum, self.truth_count, empty=float(self.prediction_count == 0))

    @property
    def det(self) -> float:
        """The Cell Tracking Challenge's DET: costs summed over all images."""
        return det_score(self.det_cost, self.det_cost_of_nothing)

    @property
    def aggregated_jaccard(self) -> float:
        return ratio(self.jaccard_intersection, self.jaccard_union)

    @property
    def iou(self) -> float:
        """Intersection over union of the foregrounds."""
        return ratio(self.shared_pixels, self.prediction_pixels + self.truth_pixels - self.shared_pixels)

    @property
    def dice(self) -> float:
        """Dice coefficient of the foregrounds."""
        return ratio(2 * self.shared_pixels, self.prediction_pixels + self.truth_pixels)

    @property
    def boundary_f1(self) -> float:
        return self.outlines.boundary.f1 if self.outlines else math.nan

    @property
    def hausdorff95(self) -> float:
        """Mean over all matched pairs of all images, in pixels."""
        if self.outlines is None:
            return math.nan
        nothing = 0.0 if self.truth_count == self.prediction_count == 0 else math.inf
        return ratio(self.outlines.distances, self.outlines.matches, empty=nothing)

    @property
    def count_error(self) -> float:
        """Summed |difference of counts| over the true number of objects."""
        return ratio(self.count_difference, self.truth_count, empty=float(self.count_difference > 0))


def _summed() -> list[str]:
    """Names of the numbers that are sums."""
    return [field.name for field in fields(CellTally) if field.name not in ("detections", "outlines")]


def tally_cells(
    prediction: Labels,
    truth: Labels,
    thresholds: tuple[float, ...] = THRESHOLDS,
    tolerance: float = 2.0,
    outlines: bool = True,
) -> CellTally:
    """Count everything that the cell metrics need, with one overlap table.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.
        thresholds: IoU thresholds of `average_precision` and `f1`.
        tolerance: distance in pixels within which boundaries count as equal.
        outlines: whether `boundary_f1` and `hausdorff95` are wanted, which take most of the time.

    Raises:
        InputError: the two are no label images of equal shape, or a threshold is out of range.
    """
    prediction, truth = label_pair(prediction, truth)
    prediction, truth = bool_instances(prediction), bool_instances(truth)
    pairs = table(prediction, truth)
    cost, cost_of_nothing = detection_costs(pairs)
    intersection, union = jaccard_sums(pairs)
    return CellTally(
        detections={threshold: detections(pairs, threshold) for threshold in thresholds},
        panoptic=panoptic_detections(pairs),
        truth_count=pairs.truth_ids.size,
        prediction_count=pairs.prediction_ids.size,
        count_difference=abs(pairs.truth_ids.size - pairs.prediction_ids.size),
        seg_sum=float(jaccards(pairs).sum()),
        det_cost=cost,
        det_cost_of_nothing=cost_of_nothing,
        jaccard_intersection=intersection,
        jaccard_union=union,
        shared_pixels=int(pairs.areas.sum()),
        prediction_pixels=int(pairs.prediction_areas.sum()),
        truth_pixels=int(pairs.truth_areas.sum()),
        outlines=_outlines(prediction, truth, pairs, tolerance) if outlines else None,
    )


def _outlines(prediction: Labels, truth: Labels, pairs: Overlaps, tolerance: float) -> Outlines:
    distances = matched_distances(prediction, truth, pairs)
    return Outlines(boundary_hits(prediction, truth, tolerance), float(distances.sum()), distances.size)

"""Boundaries of objects, and how well two sets of them lie on each other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.errors import InputError
from cellseg.metrics.components import bool_instances
from cellseg.metrics.inputs import label_pair
from cellseg.metrics.ratios import harmonic, ratio


@dataclass(frozen=True, slots=True)
class BoundaryHits:
    """Boundary pixels that have a partner near by, and all of them; can be added up over images."""

    predicted_near: int
    predicted: int
    true_near: int
    true: int

    def __add__(self, other: BoundaryHits) -> BoundaryHits:
        return BoundaryHits(
            self.predicted_near + other.predicted_near,
            self.predicted + other.predicted,
            self.true_near + other.true_near,
            self.true + other.true,
        )

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 without any boundary, 0 where only one side has one."""
        if self.predicted == 0 or self.true == 0:
            return float(self.predicted == self.true)
        return harmonic(ratio(self.predicted_near, self.predicted), ratio(self.true_near, self.true))


def boundary_f1(prediction: Labels, truth: Labels, tolerance: float = 2.0) -> float:
    """F1 score of the boundary pixels, 0 to 1 (perfect).

    Precision is the share of predicted boundary pixels with a true one within `tolerance`, recall the reverse. A
    boundary pixel belongs to an object and touches (by an edge) a pixel that does not; the image's frame is no
    boundary.

    Args:
        prediction: (H, W) or (Z, H, W) instance labels, 0 = background; a boolean mask counts as its components.
        truth: the same shape.
        tolerance: largest distance in pixels, Euclidean.

    Returns:
        1 where neither has a boundary, 0 where only one has.

    Raises:
        InputError: the two are no label images of equal shape, or the tolerance is negative.

    Source:
        Csurka et al. 2013, What is a good evaluation measure for semantic segmentation?, BMVC.
    """
    prediction, truth = label_pair(prediction, truth)
    return boundary_hits(bool_instances(prediction), bool_instances(truth), tolerance).f1


def boundary_hits(prediction: Labels, truth: Labels, tolerance: float = 2.0) -> BoundaryHits:
    """Count the boundary pixels of two label images that lie within `tolerance` of the other's boundary."""
    if tolerance < 0:
        raise InputError(f"the tolerance is {tolerance}", "It must be 0 pixels or more.")
    predicted, true = boundary_mask(prediction), boundary_mask(truth)
    return BoundaryHits(
        predicted_near=_count_near(predicted, true, tolerance),
        predicted=int(predicted.sum()),
        true_near=_count_near(true, predicted, tolerance),
        true=int(true.sum()),
    )


def boundary_mask(labels: Labels, frame: bool = False) -> NDArray[np.bool_]:
    """Object pixels with an edge neighbour of another label; with `frame` also those at the image's edge."""
    boundary = np.zeros(labels.shape, dtype=np.bool_)
    for axis in range(labels.ndim):
        upper, lower = (np.moveaxis(array, axis, 0) for array in (labels, boundary))
        differ = upper[1:] != upper[:-1]
        lower[1:] |= differ
        lower[:-1] |= differ
        if frame:
            lower[[0, -1]] = True
    return boundary & (labels > 0)


def _count_near(points: NDArray[np.bool_], others: NDArray[np.bool_], tolerance: float) -> int:
    """Number of True pixels of `points` that have one of `others` within `tolerance`."""
    reach = int(tolerance)
    padded = np.pad(others, reach).reshape(-1)
    strides = np.cumprod([1, *(side + 2 * reach for side in others.shape[:0:-1])])[::-1]
    left = sum((where + reach) * stride for where, stride in zip(np.nonzero(points), strides, strict=True))
    total = int(left.size)
    for step in _ball(others.ndim, tolerance):
        left = left[~padded[left + int(np.dot(step, strides))]]
    return total - int(left.size)


def _ball(dimensions: int, radius: float) -> list[tuple[int, ...]]:
    """Steps not longer than `radius`, the shortest first."""
    steps = itertools.product(range(-int(radius), int(radius) + 1), repeat=dimensions)
    squares = sorted((sum(part * part for part in step), step) for step in steps)
    return [step for square, step in squares if square <= radius * radius]

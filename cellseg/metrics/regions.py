"""Bounding boxes of the objects of a label image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.overlap import run_starts


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Size and position of n objects, in the order of their labels, axes as in the image."""

    areas: NDArray[np.int64]
    """(n,) pixels."""
    centroids: NDArray[np.float64]
    """(n, D) mean coordinates."""
    starts: NDArray[np.int64]
    """(n, D) first coordinates of the bounding boxes."""
    stops: NDArray[np.int64]
    """(n, D) coordinates behind the last."""


def regions(labels: Labels, ids: NDArray[np.int64]) -> Regions:
    """Measure the objects `ids` (n,), the sorted labels but 0 that occur in `labels` (H, W) or (Z, H, W)."""
    starts = run_starts(labels)
    values = labels.reshape(-1)[starts]
    lengths = np.diff(starts, append=labels.size)[values > 0]
    first = np.stack(np.unravel_index(starts[values > 0], labels.shape), axis=1)
    last = first.copy()
    last[:, -1] += lengths - 1
    owner = np.searchsorted(ids, values[values > 0].astype(np.int64))
    areas = np.bincount(owner, weights=lengths, minlength=ids.size)
    middle = (first + last) / 2 * lengths[:, None]
    sums = [np.bincount(owner, weights=column, minlength=ids.size) for column in middle.T]
    order = np.argsort(owner, kind="stable")
    begin = np.searchsorted(owner[order], np.arange(ids.size))
    return Regions(
        areas=areas.astype(np.int64),
        centroids=np.stack(sums, axis=1) / areas[:, None],
        starts=_reduce(np.minimum, first[order], begin),
        stops=_reduce(np.maximum, last[order], begin) + 1,
    )


def _reduce(function: np.ufunc, values: NDArray[np.intp], begin: NDArray[np.intp]) -> NDArray[np.int64]:
    """`function` over the rows of each object; no object, no rows."""
    return np.asarray(function.reduceat(values, begin, axis=0) if begin.size else values, dtype=np.int64)

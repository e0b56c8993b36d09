"""One-to-one matching of predicted objects to objects of the ground truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from cellseg.errors import InputError
from cellseg.metrics.overlap import Overlaps

Indices = NDArray[np.intp]


def match(pairs: Overlaps, threshold: float) -> Indices:
    """The pairs that are matched at an IoU of `threshold` or more, as sorted indices into the overlap table.

    Above 0.5 an object has at most one such partner. At 0.5 and below, the assignment with the most pairs is taken, and
    among those the one with the largest sum of IoU (as in the StarDist and Cellpose papers), found on the sparse table.

    Raises:
        InputError: the threshold is not above 0 and at most 1.
    """
    if not 0 < threshold <= 1:
        raise InputError(f"the IoU threshold is {threshold}", "It must be above 0 and at most 1.")
    iou = pairs.iou
    candidates = np.flatnonzero(iou >= threshold)
    if threshold > 0.5:
        return candidates
    rivals = _shared(pairs.truth_index[candidates]) | _shared(pairs.prediction_index[candidates])
    contested = candidates[rivals]
    won = _assign(pairs.truth_index[contested], pairs.prediction_index[contested], iou[contested])
    return np.sort(np.concatenate([candidates[~rivals], contested[won]]))


def _shared(index: Indices) -> NDArray[np.bool_]:
    """Elements of (k,) object indices that occur more than once, as a mask."""
    return np.asarray(np.bincount(index)[index] > 1) if index.size else np.zeros(0, dtype=np.bool_)


def _assign(rows: Indices, columns: Indices, iou: NDArray[np.float64]) -> Indices:
    """The best one-to-one choice among (k,) candidate pairs: most pairs first, then most IoU.

    Every row may also take a column of its own that stands for "no partner". A pair costs 1 - IoU / (n + 1), no partner
    costs 2; so one pair more always outweighs every gain of IoU.
    """
    if rows.size == 0:
        return np.zeros(0, dtype=np.intp)
    row_ids, row = np.unique(rows, return_inverse=True)
    column_ids, column = np.unique(columns, return_inverse=True)
    n, m = row_ids.size, column_ids.size
    alone = np.arange(n)
    costs = np.concatenate([1.0 - iou / (n + 1), np.full(n, 2.0)])
    places = np.concatenate([[row, column], [alone, m + alone]], axis=1).astype(np.int32)  # older scipy takes no others
    graph = sparse.csr_array((costs, tuple(places)), (n, n + m))
    chosen_row, chosen_column = min_weight_full_bipartite_matching(graph)
    chosen = chosen_row[chosen_column < m] * m + chosen_column[chosen_column < m]
    return np.flatnonzero(np.isin(row * m + column, chosen))

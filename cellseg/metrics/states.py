"""State of each pixel's object (matched, missed, ...), for pictures of errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.objects import ObjectRow

STATES = {"matched": "true", "missed": "missed", "invented": "invented", "split": "split", "merged": "merged"}
"""Kinds of the object table in the words of people; in the order of the numbers of `error_map`, from 1."""
COLOURS = {"true": "#009E73", "missed": "#D55E00", "invented": "#56B4E9", "split": "#F0E442", "merged": "#CC79A7"}
"""Okabe and Ito 2008, which people with any colour blindness can tell apart."""

States = NDArray[np.uint8]
_NUMBERS = {kind: number for number, kind in enumerate(STATES, 1)}


def error_map(prediction: Labels, truth: Labels, rows: Sequence[ObjectRow]) -> States:
    """The state of the object of each pixel: 0 none, 1 true, 2 missed, 3 invented, 4 split, 5 merged.

    Where a predicted object has no partner its state counts, else that of the truth's object; a true object's pixels
    are those of the prediction.

    Args:
        prediction: (H, W) or (Z, H, W) labels, 0 = background.
        truth: the same shape.
        rows: the object table of both.

    Returns:
        uint8, the same shape.
    """
    predicted, true = predicted_states(prediction, rows), true_states(truth, rows)
    right = _NUMBERS["matched"]
    return np.where(predicted > right, predicted, np.where(true > right, true, predicted))


def predicted_states(prediction: Labels, rows: Sequence[ObjectRow]) -> States:
    """The state of each pixel's predicted object, 0 where there is none."""
    mates = {row.prediction_id: _NUMBERS["matched"] for row in rows if row.kind == "matched"}
    return _states(prediction, mates | {row.prediction_id: _NUMBERS[row.kind] for row in rows if row.side != "truth"})


def true_states(truth: Labels, rows: Sequence[ObjectRow]) -> States:
    """The state of each pixel's true object, 0 where there is none."""
    return _states(truth, {row.truth_id: _NUMBERS[row.kind] for row in rows if row.side == "truth"})


def _states(labels: Labels, states: Mapping[int, int]) -> States:
    ids = np.array([0, *sorted(states)], np.int64)
    values = np.array([0, *(states[int(name)] for name in ids[1:])], np.uint8)
    place = np.minimum(np.searchsorted(ids, labels), ids.size - 1)
    return np.where(ids[place] == labels, values[place], np.uint8(0))

"""A segmentation held against the truth: scores, the errors one by one, and their map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg import CellTable, InputError, metrics
from cellseg.arrays import Array
from cellseg.metrics.candidates import DENSE
from napari_cellseg.annotation import NOT_ANNOTATED, cells_in

_SCORES = {
    **{f"average_precision@{threshold}": f"AP at {threshold}" for threshold in (0.5, 0.6, 0.7, 0.8, 0.9)},
    "f1": "F1 at 0.5",
    "panoptic_quality": "PQ",
    "seg": "SEG",
    "iou": "foreground IoU",
}
"""The metrics that are shown, and their names for people."""
ERROR_COLUMNS = ("state", "truth", "prediction", "iou", "area_px", "plane", "z", "y", "x")
"""Of the table of errors; the state as in the map."""
ERROR_KINDS = [*metrics.STATES]

FloatRows = list[list[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Fate of every cell."""

    scores: dict[str, float]
    counts: dict[str, int]
    """By state, in the words of `cellseg.metrics.STATES`."""
    errors: CellTable
    """A row an error: a cell of the truth that was not found, or a predicted one without a partner."""
    states: NDArray[np.uint8]
    """As prediction and truth: 0 none, 1 true, 2 missed, 3 invented, 4 split, 5 merged."""


def compare(prediction: Array, truth: Array, *, by_plane: bool = False) -> Comparison:
    """Compare cells with cells.

    Args:
        prediction: (H, W) or (Z, H, W) labels, 0 = background.
        truth: the same shape.
        by_plane: take (Z, H, W) plane by plane and pool the counts.

    Raises:
        InputError: the two do not show the same pixels.
    """
    sections = _sections(prediction, truth, by_plane)
    tables = [metrics.object_table(*section) for section in sections]
    rows = _rows(tables)
    maps = [metrics.error_map(*section, table) for section, table in zip(sections, tables, strict=True)]
    return Comparison(
        scores=_scores(prediction, truth, by_plane),
        counts=_counts(rows),
        errors=_errors(rows),
        states=np.stack(maps) if by_plane else maps[0],
    )


def known_part(prediction: Array, annotation: Array) -> tuple[Array, Array]:
    """Prediction and truth where the truth is an annotation: 0 = nobody looked, 1 = background, 2 and up = cells.

    What nobody looked at counts neither way: a predicted cell is left out where it belongs to no annotated one and
    lies with half of its pixels or more in such a place, and of the others only the known pixels count.

    Args:
        prediction: (H, W) or (Z, H, W) labels, 0 = background.
        annotation: the same shape.
    """
    truth = cells_in(annotation, True)
    unknown = annotation == NOT_ANNOTATED
    numbers, index, areas = np.unique(prediction, return_inverse=True, return_counts=True)
    hidden = np.bincount(index.reshape(-1), weights=unknown.reshape(-1), minlength=numbers.size)
    doubtful = (numbers[2 * hidden >= areas]).tolist()
    mates = metrics.annotated_only(prediction, truth)
    out = np.isin(prediction, doubtful) & (mates == 0)
    return np.where(unknown | out, 0, prediction), truth


def _scores(prediction: Array, truth: Array, by_plane: bool) -> dict[str, float]:
    names = [*_SCORES, *(["v_rand"] if np.mean(truth > 0) > DENSE else [])]
    found = cellseg.summarise(
        [*cellseg.evaluate(prediction, truth, names, volume=not by_plane, labels_are="instances")]
    )
    values = found.mean | found.pooled
    return {_SCORES.get(name, "V_rand"): values[name] for name in names}


def _sections(prediction: Array, truth: Array, by_plane: bool) -> list[tuple[Array, Array]]:
    if prediction.shape != truth.shape:
        sizes = [" x ".join(map(str, array.shape)) for array in (prediction, truth)]
        raise InputError(f"the prediction is {sizes[0]} and the truth {sizes[1]}", "They must show the same pixels.")
    return [*zip(prediction, truth, strict=True)] if by_plane else [(prediction, truth)]


def _rows(tables: Sequence[Sequence[metrics.ObjectRow]]) -> FloatRows:
    """Rows as in `ERROR_COLUMNS`, of the cells of all sections."""
    return [_row(plane, row) for plane, table in enumerate(tables) for row in table]


def _row(plane: int, row: metrics.ObjectRow) -> list[float]:
    z, y, x = (0.0,) * (3 - len(row.centroid)) + row.centroid
    state = ERROR_KINDS.index(row.kind) + 1
    return [state, row.truth_id, row.prediction_id, row.iou, row.area, plane or z, z, y, x]


def _errors(rows: FloatRows) -> CellTable:
    wrong = [row for row in rows if row[0] > 1]
    return CellTable(ERROR_COLUMNS, np.array(wrong, float).reshape(-1, len(ERROR_COLUMNS)))


def _counts(rows: FloatRows) -> dict[str, int]:
    kinds = Counter(ERROR_KINDS[int(row[0]) - 1] for row in rows)
    return {word: kinds[kind] for kind, word in metrics.STATES.items()}

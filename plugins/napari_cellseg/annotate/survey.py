"""A look at a window of labels: how large each value in it is, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotation import NOT_ANNOTATED


@dataclass(frozen=True, slots=True)
class TilePart:
    """Part of one value in a tile."""

    pixels: int
    box: PlaneBox
    """In the plane."""


def survey(labels: NDArray[Any], top: int = 0, left: int = 0) -> dict[int, TilePart]:
    """Pixels and box of every value but 0.

    Args:
        labels: (h, w).
        top, left: where its first pixel lies in the plane.
    """
    if not labels.any():
        return {}
    width = labels.shape[1]
    begins = np.ones(labels.shape, bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=labels.size)
    values = labels.reshape(-1)[starts]
    order = np.argsort(values, kind="stable")
    values, starts, lengths = values[order], starts[order], lengths[order]
    rows, columns = np.divmod(starts, width)
    first = np.flatnonzero(np.diff(values, prepend=values[0]) != 0)
    first = np.concatenate(([0], first))
    limits = (
        np.minimum.reduceat(rows, first) + top,
        np.minimum.reduceat(columns, first) + left,
        np.maximum.reduceat(rows, first) + top + 1,
        np.maximum.reduceat(columns + lengths, first) + left,
    )
    pixels = np.add.reduceat(lengths, first).tolist()
    boxes = zip(*(limit.tolist() for limit in limits), strict=True)
    found = zip(values[first].tolist(), pixels, boxes, strict=True)
    return {value: TilePart(count, PlaneBox(*box)) for value, count, box in found if value != NOT_ANNOTATED}

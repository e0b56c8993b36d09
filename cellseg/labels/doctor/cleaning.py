"""Labels made plain: an offset taken off, fringes cut, two values of a mask made one, class numbers closed up."""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Array, Int64, Mask
from cellseg.labels.doctor.finding import Cleaning
from cellseg.labels.values import IGNORED, with_background
from cellseg.options import LabelOptions


def clean(plane: Array, cleaning: Cleaning, options: LabelOptions = LabelOptions(), known: Mask | None = None) -> Int64:
    """Plain labels of a plane.

    Args:
        plane: (H, W) of any number type.
        cleaning: of its set.
        options: which values are ignored and background.
        known: (H, W) False where nobody annotated.

    Returns:
        (H, W) int64, 0 = background, -1 = nobody annotated it.
    """
    values = _masked(plane, cleaning) if cleaning.threshold is not None else _numbered(plane, cleaning, options)
    if options.ignore_label is not None:
        values[plane == options.ignore_label] = IGNORED
    if known is not None:
        values[~known] = IGNORED
    return values


def _masked(plane: Array, cleaning: Cleaning) -> Int64:
    return np.where(plane >= cleaning.threshold, cleaning.merged or 1, 0).astype(np.int64)


def _numbered(plane: Array, cleaning: Cleaning, options: LabelOptions) -> Int64:
    values = with_background(plane.astype(np.int64), options) - cleaning.offset
    if cleaning.merged is not None:
        values[values != 0] = cleaning.merged
    if cleaning.classes:
        values = np.searchsorted(np.array(cleaning.classes), values).astype(np.int64)
    return values

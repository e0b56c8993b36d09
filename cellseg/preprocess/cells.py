"""Label images as cells: int32, 0 = background, nothing where ignored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError

Ignore = NDArray[np.bool_] | int | None


def to_cells(labels: NDArray[np.integer], ignore: Ignore = None) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Check a label image and take the ignored pixels out of its cells.

    Args:
        labels: (H, W), any integer type, 0 = background, other values = cells; gaps in the numbers are fine.
        ignore: (H, W) bool, True = ignored; or the label value of ignored pixels.

    Returns:
        (H, W) int32 cells, 0 = background or ignored, and (H, W) bool, True = ignored.

    Raises:
        InputError: labels are no 2-D integer image or negative, or the mask has another shape.
    """
    if labels.ndim != 2 or labels.dtype.kind not in "bui":
        raise InputError(f"the labels are {labels.dtype} {labels.shape}", "One 2-D image of integers is wanted.")
    ignored = _ignored(labels, ignore)
    known = np.where(ignored, labels.dtype.type(0), labels) if ignore is not None else labels
    if known.min(initial=0) < 0:
        raise InputError(f"the labels go down to {known.min()}", "Name the negative value as the one to ignore.")
    return numbered(known), ignored


def numbered(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Labels (H, W), 0 or more, as int32: as they are, or numbered anew in their order if they are too sparse.

    The numbers stay below the number of pixels (or 65,536), so that tables over the cells stay small.
    """
    if int(labels.max(initial=0)) <= max(labels.size, 65535):
        return np.ascontiguousarray(labels, dtype=np.int32)
    flat = np.concatenate([np.zeros(1, labels.dtype), labels.ravel()])  # begins with 0: background stays 0
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    numbers = np.unique(flat[starts], return_inverse=True)[1].astype(np.int32)
    return np.repeat(numbers, np.diff(starts, append=flat.size))[1:].reshape(labels.shape)


def _ignored(labels: NDArray[np.integer], ignore: Ignore) -> NDArray[np.bool_]:
    if ignore is None:
        return np.zeros(labels.shape, bool)
    if np.ndim(ignore) == 0:
        return np.asarray(labels == ignore)
    mask = np.asarray(ignore, dtype=bool)
    if mask.shape != labels.shape:
        raise InputError(f"the mask of ignored pixels is {mask.shape}, the labels {labels.shape}", "Make them equal.")
    return mask

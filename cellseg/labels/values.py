"""Are these labels at all?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.made import made_by_cellseg

FEWEST_BLURRED_VALUES = 5
BLURRED_SHARE = 0.05
"""Masks resized with interpolation, blurred or saved as JPEG measure 0.12 to 0.8, real labels at most 0.015."""


def check_values(plane: NDArray[Any], ignore_label: int | None, path: Path | str | None) -> NDArray[np.int64]:
    """The values of a label image as integers.

    Args:
        plane: (H, W) of any integer or float type.
        ignore_label: value of pixels that nobody annotated; the only one that may be negative.
        path: what messages name.

    Returns:
        (H, W) int64, a copy.

    Raises:
        InputError: an RGB image, values that are negative or no whole numbers, or blurred edges.
    """
    if plane.ndim != 2:
        remedy = "Save the labels as a grey image with one number for each cell."
        raise InputError(f"has shape {plane.shape}, where labels are one plane without colours", remedy, path=path)
    if plane.dtype.kind == "f":
        _refuse_fractions(plane, path)
    values = plane.astype(np.int64)
    lowest = values[values != ignore_label].min(initial=0) if ignore_label is not None else values.min(initial=0)
    if lowest < 0:
        remedy = "Labels are 0 for background and 1, 2, ... for cells; --ignore-label names one for unknown pixels."
        raise InputError(f"has negative labels (down to {lowest})", remedy, path=path)
    share = blurred_share(values)
    if share > BLURRED_SHARE and len(values_in(values)) >= FEWEST_BLURRED_VALUES and not _ours(path):
        found = f"has blurred edges: {share:.0%} of its edge pixels have a value between those of their neighbours"
        remedy = "Save masks without JPEG, resize them without interpolation, or threshold them."
        raise InputError(found, remedy, path=path)
    return values


def blurred_share(values: NDArray[Any]) -> float:
    """Share of ramps among edges.

    Args:
        values: (H, W).

    Returns:
        Of the pixels that differ from one of their four neighbours, the part whose value lies strictly
        between those of two opposite neighbours.
    """
    centre = values[1:-1, 1:-1]
    left, right, above, below = values[1:-1, :-2], values[1:-1, 2:], values[:-2, 1:-1], values[2:, 1:-1]
    edge = (centre != left) | (centre != right) | (centre != above) | (centre != below)
    ramp = _between(left, centre, right) | _between(above, centre, below)
    return int(ramp.sum()) / max(int(edge.sum()), 1)


def values_in(values: NDArray[Any]) -> list[int]:
    """The different values, in rising order."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if high - low > 8 * values.size + 2**16:
        return [int(value) for value in np.unique(values)]
    counts = np.bincount((values.astype(np.int64) - low).ravel())
    return [int(value) for value in np.flatnonzero(counts) + low]


def _between(one: NDArray[Any], middle: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = ((one < middle) & (middle < other)) | ((one > middle) & (middle > other))
    return result


def _ours(path: Path | str | None) -> bool:
    """Whether cellseg wrote the file: its instances may be small and close, but they are never blurred."""
    return path is not None and made_by_cellseg(Path(path))


def _refuse_fractions(plane: NDArray[Any], path: Path | str | None) -> None:
    broken = int(np.count_nonzero(~np.isfinite(plane)))
    if broken:
        raise InputError(f"has {broken} labels that are not numbers (NaN or infinite)", "Replace them by 0.", path=path)
    fractions = plane[plane != np.round(plane)]
    if fractions.size:
        found = f"has {fractions.size} labels that are not whole numbers, such as {fractions[0]:g}"
        raise InputError(found, "Labels number cells or classes; threshold probabilities first.", path=path)

"""Are these labels at all?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Int64
from cellseg.errors import InputError
from cellseg.images.made import made_by_cellseg
from cellseg.labels.picture import background_of, interior, looks_like_picture
from cellseg.options import LabelOptions

IGNORED = -1
"""Label of pixels that nobody annotated, whatever their value in the file."""
LARGEST_LABEL = 2**53
"""Larger numbers are not exact in files of floats, and no data set has as many cells."""
OUTLINES = (".zip", ".roi", ".json", ".geojson")
"""Endings of files of which labels are drawn."""
NO_PICTURE = "Give its labels: one number for each cell, one for each class, or a mask."
FEWEST_BLURRED_VALUES = 5
BLURRED_SHARE = 0.05
"""Masks resized with interpolation, blurred or saved as JPEG measure 0.12 to 0.8, real labels at most 0.015."""


def check_values(
    plane: Array, ignore_label: int | None, path: Path | str | None, *, background_label: int | None = None
) -> Int64:
    """Values of a label image as integers.

    Args:
        plane: (H, W) of any integer or float type.
        ignore_label: value of pixels that nobody annotated; it may be negative.
        path: file that messages name.
        background_label: value of the background; it may be negative, too.

    Returns:
        (H, W) int64, a copy.

    Raises:
        InputError: an RGB image, values that are negative, too large or no whole numbers, or blurred edges.
    """
    if plane.ndim != 2:
        remedy = "Save the labels as a grey image with one number for each cell."
        raise InputError(f"has shape {plane.shape}, where labels are one plane without colours", remedy, path=path)
    if plane.dtype.kind == "f":
        _refuse_fractions(plane, path)
    if plane.max(initial=0) > LARGEST_LABEL:
        raise InputError(f"has the label {plane.max()}", f"Labels go up to {LARGEST_LABEL}.", path=path)
    values = plane.astype(np.int64)
    known = _without(values, (ignore_label, background_label))
    lowest = known.min(initial=0)
    if lowest < 0:
        remedy = "Labels are 0 for background and 1, 2, ... for cells; --ignore-label names one for unknown pixels."
        raise InputError(f"has negative labels (down to {lowest})", remedy, path=path)
    share = blurred_share(known)
    if are_blurred(share, len(values_in(known)), path):
        raise _blurred(known, share, path)
    return values


def _blurred(values: Int64, share: float, path: Path | str | None) -> InputError:
    """Error of labels of which so many edge pixels lie between their neighbours: they may be an image."""
    labelled, count = values != background_of(values), len(values_in(values))
    if looks_like_picture(int(interior(values)[labelled].sum()), int(labelled.sum()), count):
        found = f"looks like an image, not like labels: {count} values, hardly two neighbours alike"
        return InputError(found, NO_PICTURE, path=path)
    found = f"has blurred edges: {share:.0%} of its edge pixels have a value between those of their neighbours"
    remedy = "Save masks without JPEG, resize them without interpolation, or threshold them."
    return InputError(found, remedy, path=path)


def plain_values(plane: Array, options: LabelOptions, path: Path | str | None = None) -> Int64:
    """Labels (H, W) int64 as they are meant: 0 = background, `IGNORED` = nobody annotated it, other values as they are.

    Args:
        plane: (H, W) of any integer or float type.
        options: which values are ignored and background.
        path: file that messages name.

    Raises InputError as `check_values`.
    """
    return told(check_values(plane, options.ignore_label, path, background_label=options.background_label), options)


def told(values: Int64, options: LabelOptions) -> Int64:
    """Values (any shape, int64) of a file, changed in place: `IGNORED` and 0 where the options say so.

    Numbers above that of the background count one less, so that class 2 beside background 1 is class 1.
    """
    ignored = None if options.ignore_label is None else values == options.ignore_label
    values = with_background(values, options)
    if ignored is not None:
        values[ignored] = IGNORED
    return values


def with_background(values: Int64, options: LabelOptions) -> Int64:
    """Values (any shape, int64) of a file, changed in place: 0 where the options say background."""
    label = options.background_label
    if label:
        background = values == label
        values[values > max(label, 0)] -= label > 0
        values[background] = 0
    return values


def without_background(plain: Int64, options: LabelOptions) -> Int64:
    """Values of a file (any shape, int64) that mean these `plain_values`."""
    label, ignored = options.background_label, plain == IGNORED
    if label:
        plain = np.where(plain == 0, label, plain + ((label > 0) & (plain >= max(label, 1))))
    return plain if options.ignore_label is None else np.where(ignored, options.ignore_label, plain)


def are_blurred(share: float, values: int, path: Path | str | None) -> bool:
    """True if an image with this `blurred_share` and so many values is a picture; no file that cellseg wrote is."""
    return share > BLURRED_SHARE and values >= FEWEST_BLURRED_VALUES and not _ours(path)


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
    """Different values, in rising order."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if high - low > 8 * values.size + 2**16:
        return [int(value) for value in np.unique(values)]
    counts = np.bincount((values.astype(np.int64) - low).ravel())
    return [int(value) for value in np.flatnonzero(counts) + low]


def _between(one: NDArray[Any], middle: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = ((one < middle) & (middle < other)) | ((one > middle) & (middle > other))
    return result


def _without(values: Int64, ignored: Iterable[int | None]) -> Int64:
    """The values with 0 in place of some."""
    for value in ignored:
        values = values if value is None else np.where(values == value, 0, values)
    return values


def _ours(path: Path | str | None) -> bool:
    """True if cellseg wrote the file, or drew it from outlines: cells may be small and close, but are never blurred."""
    return path is not None and (Path(path).suffix.lower() in OUTLINES or made_by_cellseg(Path(path)))


def _refuse_fractions(plane: NDArray[Any], path: Path | str | None) -> None:
    broken = int(np.count_nonzero(~np.isfinite(plane)))
    if broken:
        raise InputError(f"has {broken} labels that are not numbers (NaN or infinite)", "Replace them by 0.", path=path)
    fractions = plane[plane != np.round(plane)]
    if fractions.size:
        found = f"has {fractions.size} labels that are not whole numbers, such as {fractions[0]:g}"
        raise InputError(found, "Labels number cells or classes; threshold probabilities first.", path=path)
    exact = 2 ** (np.finfo(plane.dtype).nmant + 1)
    if plane.size and np.abs(plane).max() >= exact:
        found = f"has labels beyond {exact - 1}, which {plane.dtype} does not tell apart: cells may have one number"
        raise InputError(found, "Save them as integers, or number them anew.", path=path)

"""Values of a label plane, counted: what there is to judge before it is known what the values mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Array, Mask
from cellseg.labels.picture import interior
from cellseg.labels.values import LARGEST_LABEL, are_blurred, blurred_share, with_background
from cellseg.options import LabelOptions


@dataclass(frozen=True, slots=True, eq=False)
class PlaneValues:
    """Values of one plane, the background's as 0; ignored pixels are left out."""

    name: str
    dtype: np.dtype[Any]
    counts: Counter[float]
    """Pixels of each value."""
    interior: Counter[float]
    """Those whose four neighbours have the same value."""
    broken: int
    """Pixels that are not finite."""
    fractions: int
    """Pixels whose values are no whole numbers."""
    zeros: int
    """Pixels of value 0 where another value is the background."""
    blurred: float
    """`blurred_share`, 0 where it is that of labels."""
    around: tuple[int, int]
    """Labels above the lowest one, and how many of them touch it."""
    touching: bool
    """Whether two labels touch."""


def look_at_values(
    plane: Array,
    name: str,
    options: LabelOptions = LabelOptions(),
    *,
    known: Mask | None = None,
    path: Path | None = None,
) -> PlaneValues:
    """Values of a plane (H, W) of any number type.

    Args:
        plane: (H, W).
        name: of the pair.
        options: which values are ignored and background.
        known: (H, W) False where nobody annotated.
        path: file of the plane.
    """
    broken = int(np.count_nonzero(~np.isfinite(plane))) if plane.dtype.kind == "f" else 0
    values = np.nan_to_num(plane, nan=0, posinf=0, neginf=0) if broken else plane
    fractions = int(np.count_nonzero(values != np.round(values))) if plane.dtype.kind == "f" else 0
    counted = np.ones(values.shape, bool) if known is None else known
    counted = counted if options.ignore_label is None else counted & (values != options.ignore_label)
    zeros = int(np.count_nonzero((values == 0) & counted)) if options.background_label else 0
    if not fractions and abs(values).max(initial=0) <= LARGEST_LABEL:
        values = with_background(values.astype(np.int64), options)
    labels = np.where(counted, values, 0)
    share = blurred_share(labels)
    counts = _counted(values[counted])
    return PlaneValues(
        name=name,
        dtype=plane.dtype,
        counts=counts,
        interior=_counted(values[interior(values) & counted]),
        broken=broken,
        fractions=fractions,
        zeros=zeros,
        blurred=share if are_blurred(share, len(counts), path) else 0.0,
        around=_around_lowest(labels),
        touching=bool(_unequal_neighbours(labels).size),
    )


def total(counters: Iterable[Counter[float]]) -> Counter[float]:
    """Sum of the counts."""
    found: Counter[float] = Counter()
    for counter in counters:
        found.update(counter)
    return found


def _counted(values: Array) -> Counter[float]:
    """Pixels of each value; fractions are rounded to thousandths, or a picture of floats would not end."""
    if values.dtype.kind != "f":
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        if high <= LARGEST_LABEL and high - low <= 8 * values.size + 2**16:
            counts = np.bincount((values.astype(np.int64) - low).ravel())
            known = np.flatnonzero(counts)
            return Counter(dict(zip((known + low).tolist(), counts[known].tolist(), strict=True)))
    with np.errstate(over="ignore"):
        known, counts = np.unique(np.round(values, 3), return_counts=True)
    return Counter(dict(zip(known.tolist(), counts.tolist(), strict=True)))


def _around_lowest(labels: Array) -> tuple[int, int]:
    others = np.unique(labels[labels > 0])[1:]
    touching = _unequal_neighbours(labels)
    beside = touching[np.isin(touching, others).sum(axis=1) == 1]
    return len(others), len(np.intersect1d(beside, others))


def _unequal_neighbours(labels: Array) -> Array:
    """(n, 2) values above 0 of pixels that share an edge and have different ones."""
    pairs = [
        np.stack([one.ravel(), other.ravel()], axis=1)
        for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1]))
    ]
    both = np.concatenate(pairs)
    return np.asarray(both[(both[:, 0] != both[:, 1]) & (both > 0).all(axis=1)])

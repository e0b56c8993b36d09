"""Which values label files hold, what is wrong with them, and how they become plain labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.labels.doctor.finding import Cleaning, Finding, listed
from cellseg.labels.values import BLURRED_SHARE, FEWEST_BLURRED_VALUES, blurred_share

FEWEST_FRINGE_VALUES = 3
FRINGE_INTERIOR = 0.2
"""Part of the fringe's pixels whose four neighbours have the same value; of cells it is more, by far."""
MASK_SHARE = 0.25
"""Part of the labelled pixels of a mask with fringes that has nearly its highest value."""
SMALLEST_OFFSET = 128
MOST_CLASSES = 254


@dataclass(frozen=True, slots=True, eq=False)
class PlaneValues:
    """The values of one plane."""

    name: str
    dtype: np.dtype[Any]
    counts: Counter[float]
    """Pixels of each value."""
    interior: Counter[float]
    """Those whose four neighbours have the same value."""
    broken: int
    """Pixels that are not finite."""
    blurred: float
    """See `blurred_share`."""


def look_at_values(plane: NDArray[Any], name: str) -> PlaneValues:
    """What values a plane (H, W) of any number type has."""
    broken = int(np.count_nonzero(~np.isfinite(plane))) if plane.dtype.kind == "f" else 0
    values = np.nan_to_num(plane, nan=0, posinf=0, neginf=0) if broken else plane
    return PlaneValues(
        name, plane.dtype, _counted(values), _counted(values[_interior(values)]), broken, blurred_share(values)
    )


def clean(plane: NDArray[Any], cleaning: Cleaning, ignore: int | None = None) -> NDArray[np.int64]:
    """The labels (H, W) int64 of a plane of any number type, and what is ignored left as it is."""
    if cleaning.threshold is not None:
        values = np.where(plane >= cleaning.threshold, cleaning.merged or 1, 0).astype(np.int64)
    else:
        values = plane.astype(np.int64) - cleaning.offset
        if cleaning.merged is not None:
            values[values != 0] = cleaning.merged
        if cleaning.classes:
            values = np.searchsorted(np.array(cleaning.classes), values).astype(np.int64)
    if ignore is not None:
        values[plane == ignore] = ignore
    return values


def judge_values(planes: Sequence[PlaneValues], ignore: int | None = None) -> tuple[Cleaning, list[Finding]]:
    """What is wrong with the values of a set, but for what depends on their meaning; and how to put it right.

    The cleaning gives plain labels where no error was found that cannot be repaired.
    """
    total, inner = _sum(plane.counts for plane in planes), _sum(plane.interior for plane in planes)
    for counts in (total, inner):
        counts.pop(-np.inf if ignore is None else ignore, None)
    findings = _of_type(planes)
    cleaning, offsets = _without_offset(total)
    findings += offsets
    if _is_fringed_mask(total, inner, cleaning.offset):
        cleaning, fringe = _without_fringe(planes, total, cleaning.offset)
        return cleaning, [*findings, fringe]
    findings += _no_labels(planes, total)
    labels = sorted(value - cleaning.offset for value in total if value != cleaning.offset)
    if labels == [1, 255]:
        merged = 255 if total[255 + cleaning.offset] > total[1 + cleaning.offset] else 1
        return replace(cleaning, merged=merged), [*findings, _mixed(planes, total, cleaning.offset)]
    if len(labels) == 1 and labels[0] > 1:
        said = f"the labels are a mask of 0 and {labels[0]:g}"
        findings.append(Finding("mask-0-255", "note", (), said, "Nothing: it is understood."))
    if len(labels) == 2 and 0 not in {value - cleaning.offset for value in total}:
        said = f"the labels are {labels[0]:g} and {labels[1]:g}, and nothing is background (0)"
        findings.append(
            Finding("no-background", "error", (), said, f"Make {labels[0]:g} to 0 if it is the background.")
        )
    return cleaning, findings


def judge_ids(planes: Sequence[PlaneValues], cleaning: Cleaning, kind: str, ignore: int | None = None) -> list[Finding]:
    """Gaps in the numbers of cells or of classes, in values that are clean otherwise."""
    known = {int(v) - cleaning.offset for plane in planes for v in plane.counts if v != ignore} - {0}
    if kind == "instances" and len(known) < max(known, default=0):
        said = f"the ids have gaps: {len(known)} different ones up to {max(known)}"
        return [Finding("gaps", "note", (), said, "Nothing: ids need not be consecutive.")]
    if kind == "classes" and max(known, default=0) > len(known):
        numbers = listed(map(str, sorted(known)), 10)
        found = f"the class numbers are {numbers}, and the network would learn one class for each number up to the last"
        remedy = "Number them 0, 1, 2, ... (--fix does), or say --labels-are instances."
        return [Finding("class-gaps", "error", (), found, remedy, repairable=len(known) <= MOST_CLASSES)]
    return []


def _counted(values: NDArray[Any]) -> Counter[float]:
    """Pixels of each value; fractions are rounded to thousandths, or a picture of floats would not end."""
    if values.dtype.kind != "f":
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        if high - low <= 8 * values.size:
            counts = np.bincount((values.astype(np.int64) - low).ravel())
            known = np.flatnonzero(counts)
            return Counter(dict(zip((known + low).tolist(), counts[known].tolist(), strict=True)))
    known, counts = np.unique(np.round(values, 3), return_counts=True)
    return Counter(dict(zip(known.tolist(), counts.tolist(), strict=True)))


def _interior(values: NDArray[Any]) -> NDArray[np.bool_]:
    same = np.ones(values.shape, bool)
    down, across = values[1:] == values[:-1], values[:, 1:] == values[:, :-1]
    same[1:] &= down
    same[:-1] &= down
    same[:, 1:] &= across
    same[:, :-1] &= across
    return same


def _sum(counters: Any) -> Counter[float]:
    total: Counter[float] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _of_type(planes: Sequence[PlaneValues]) -> list[Finding]:
    found = []
    broken = [plane.name for plane in planes if plane.broken]
    if broken:
        said = f"{sum(plane.broken for plane in planes)} labels are not numbers (NaN or infinite)"
        found.append(Finding("not-numbers", "error", tuple(broken), said, "Replace them by 0."))
    if not broken and any(plane.dtype.kind == "f" for plane in planes) and _whole(planes):
        said = f"the labels are stored as {planes[0].dtype}"
        found.append(Finding("float-labels", "note", (), said, "Nothing: they are whole numbers."))
    return found


def _whole(planes: Sequence[PlaneValues]) -> bool:
    return all(value == int(value) for plane in planes for value in plane.counts)


def _without_offset(total: Counter[float]) -> tuple[Cleaning, list[Finding]]:
    low = min(total, default=0)
    if low != int(low) or 0 <= low < SMALLEST_OFFSET or (0 in total and low > 0):
        return Cleaning(), []
    if low == max(total, key=lambda value: total[value]) and (low < -1 or low > 0):
        said = f"all labels have an offset: the background is {low:g} instead of 0"
        remedy = f"Take {low:g} off every pixel (--fix does); it comes from a wrong data type."
        return Cleaning(offset=int(low)), [Finding("offset", "error", (), said, remedy, repairable=True)]
    if low < 0:
        said = f"there are negative labels, down to {low:g}"
        remedy = f"If {low:g} means unknown, say --ignore-label {low:g}; else make it 0."
        return Cleaning(), [Finding("negative", "error", (), said, remedy)]
    return Cleaning(), []


def _is_fringed_mask(total: Counter[float], inner: Counter[float], offset: int) -> bool:
    """Two main values, and between and around them values that never fill an area."""
    counts = {value - offset: pixels for value, pixels in total.items()}
    top = max(counts, default=0)
    labelled = sum(pixels for value, pixels in counts.items() if value > 0.1 * top)
    high = {value for value in counts if value >= 0.9 * top}
    main = max(high, key=lambda value: counts[value], default=0)
    fringe = {value: pixels for value, pixels in counts.items() if value not in (0, main)}
    if top <= 0 or len(fringe) < FEWEST_FRINGE_VALUES or sum(counts[v] for v in high) < MASK_SHARE * labelled:
        return False
    middle = {value: pixels for value, pixels in fringe.items() if 0.1 * top <= value < 0.9 * top}
    inside = sum(inner[value + offset] for value in middle)
    return len(middle) >= FEWEST_FRINGE_VALUES and inside < FRINGE_INTERIOR * sum(middle.values())


def _without_fringe(planes: Sequence[PlaneValues], total: Counter[float], offset: int) -> tuple[Cleaning, Finding]:
    top = max(total)
    middle = (top + offset) / 2
    where = tuple(p.name for p in planes if any(offset < value < top for value in p.counts))
    pixels = sum(count for value, count in total.items() if offset < value < top)
    said = f"a mask with grey fringes: {pixels} pixels lie between {offset:g} and {top:g}, in {len(total) - 2} values"
    remedy = f"Save masks without JPEG and resize without interpolation; --fix makes all from {middle:g} on the mask."
    whole = top == int(top) and top - offset > 1
    cleaning = Cleaning(offset=offset, threshold=middle, merged=int(top) - offset if whole else 1)
    return cleaning, Finding("fringes", "error", where, said, remedy, repairable=True)


def _no_labels(planes: Sequence[PlaneValues], total: Counter[float]) -> list[Finding]:
    if any(value != int(value) for value in total):
        where = tuple(p.name for p in planes if any(value != int(value) for value in p.counts))
        said = "values that are not whole numbers, and no mask with soft edges either"
        return [Finding("fractions", "error", where, said, "Labels number cells; threshold probabilities first.")]
    blurred = [p for p in planes if p.blurred > BLURRED_SHARE and len(p.counts) >= FEWEST_BLURRED_VALUES]
    if blurred:
        share = max(plane.blurred for plane in blurred)
        said = f"ids were mixed by interpolation: {share:.0%} of the edge pixels lie between those of their neighbours"
        remedy = "Resize label images with nearest neighbour, from the originals: the ids cannot be told again."
        return [Finding("interpolated", "error", tuple(p.name for p in blurred), said, remedy)]
    return []


def _mixed(planes: Sequence[PlaneValues], total: Counter[float], offset: int) -> Finding:
    rare = min((1, 255), key=lambda value: total[value + offset])
    where = tuple(plane.name for plane in planes if plane.counts[rare + offset])
    said = f"both 1 ({total[1 + offset]} pixels) and 255 ({total[255 + offset]} pixels) mark the foreground"
    remedy = "Use one of them (--fix does); if 255 means unknown, say --ignore-label 255."
    return Finding("mixed-foreground", "error", where, said, remedy, repairable=True)

"""Faults of the values of a set, before it is known what they mean, and how they are put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from cellseg.labels.doctor.counts import PlaneValues, total
from cellseg.labels.doctor.finding import Cleaning, Finding, listed
from cellseg.labels.meaning import MOST_CLASSES, Meaning
from cellseg.labels.picture import looks_like_picture
from cellseg.labels.values import LARGEST_LABEL, NO_PICTURE
from cellseg.options import LabelOptions

FEWEST_FRINGE_VALUES = 3
FRINGE_INTERIOR = 0.2
"""Part of the fringe's pixels whose four neighbours have the same value; of cells it is more, by far."""
MASK_SHARE = 0.25
"""Part of the labelled pixels of a mask with fringes that has nearly its highest value."""
SMALLEST_OFFSET = 128


@dataclass(frozen=True, slots=True, eq=False)
class SetValues:
    """Values of a set, and how they are told."""

    planes: Sequence[PlaneValues]
    options: LabelOptions
    counts: Counter[float]
    """Pixels of each value."""
    interior: Counter[float]
    """Those whose four neighbours have the same value."""

    def where(self, has: Callable[[PlaneValues], object]) -> tuple[str, ...]:
        """Names of the planes of which something holds."""
        return tuple(plane.name for plane in self.planes if has(plane))


def judge_values(
    planes: Sequence[PlaneValues], options: LabelOptions = LabelOptions()
) -> tuple[Cleaning, list[Finding]]:
    """Faults of the values of a set, but for what depends on their meaning, and how to put them right.

    The cleaning gives plain labels where no error was found that cannot be repaired.
    """
    found = SetValues(planes, options, total(p.counts for p in planes), total(p.interior for p in planes))
    findings = [finding for judge in (_not_numbers, _too_large, _floats, _zeros) for finding in judge(found)]
    cleaning, offsets = _without_offset(found)
    findings += offsets
    if _is_fringed_mask(found, cleaning.offset):
        cleaning, fringe = _without_fringe(found, cleaning.offset)
        return cleaning, [*findings, fringe]
    labels = sorted(value - cleaning.offset for value in found.counts if value != cleaning.offset)
    if labels == [1, 255]:
        merged = max((1, 255), key=lambda value: found.counts[value + cleaning.offset])
        return replace(cleaning, merged=merged), [*findings, *_no_labels(found), _mixed(found, cleaning.offset)]
    return cleaning, [*findings, *_no_labels(found), *_mask_of_255(labels)]


def judge_ids(planes: Sequence[PlaneValues], cleaning: Cleaning, kind: Meaning, *, classes: int = 0) -> list[Finding]:
    """Gaps in the numbers of cells or of classes, in values that are clean otherwise.

    Args:
        planes: values of the set.
        cleaning: that makes them plain.
        kind: their meaning.
        classes: classes of the model that is gone on from: numbers below may be missing.
    """
    known = {int(v) - cleaning.offset for plane in planes for v in plane.counts} - {0}
    top = max(known, default=0)
    if kind == "instances" and len(known) < top:
        said = f"the ids have gaps: {len(known)} different ones up to {top}"
        return [Finding("gaps", "note", (), said, "Nothing: ids need not be consecutive.")]
    if kind == "classes" and (top > MOST_CLASSES or (top > len(known) and top >= classes)):
        numbers = listed(map(str, sorted(known)), 10)
        found = f"the class numbers are {numbers}, and the network would learn one class for each number up to the last"
        remedy = "Number them 0, 1, 2, ... (--fix does), or say --labels-are instances."
        return [Finding("class-gaps", "error", (), found, remedy, repairable=len(known) <= MOST_CLASSES)]
    return []


def _not_numbers(found: SetValues) -> Iterable[Finding]:
    broken = sum(plane.broken for plane in found.planes)
    if broken:
        said = f"{broken} labels are not numbers (NaN or infinite)"
        yield Finding("not-numbers", "error", found.where(lambda p: p.broken), said, "Replace them by 0.")


def _too_large(found: SetValues) -> Iterable[Finding]:
    where = found.where(lambda plane: max(plane.counts, default=0) > LARGEST_LABEL)
    if where:
        said = f"there are labels up to {max(found.counts):g}"
        yield Finding("too-large", "error", where, said, f"Labels go up to {LARGEST_LABEL}; number them anew.")


def _floats(found: SetValues) -> Iterable[Finding]:
    floats = [plane for plane in found.planes if plane.dtype.kind == "f"]
    if floats and not any(plane.broken or plane.fractions for plane in found.planes):
        said = f"the labels are stored as {floats[0].dtype}"
        yield Finding("float-labels", "note", (), said, "Nothing: they are whole numbers.")


def _zeros(found: SetValues) -> Iterable[Finding]:
    zeros = sum(plane.zeros for plane in found.planes)
    if zeros:
        said = f"{zeros} labels are 0, and the background is {found.options.background_label}"
        remedy = "Say --ignore-label 0 if nobody annotated them."
        yield Finding("zeros", "error", found.where(lambda plane: plane.zeros), said, remedy)


def _mask_of_255(labels: Sequence[float]) -> Iterable[Finding]:
    if len(labels) == 1 and labels[0] > 1:
        said = f"the labels are a mask of 0 and {labels[0]:g}"
        yield Finding("mask-0-255", "note", (), said, "Nothing: it is understood.")


def _without_offset(found: SetValues) -> tuple[Cleaning, list[Finding]]:
    low = min(found.counts, default=0)
    if low < 0 and (low >= -1 or low != _most_frequent(found)):
        said = f"there are negative labels, down to {low:g}"
        remedy = f"If {low:g} means unknown, say --ignore-label {low:g}; else make it 0."
        return Cleaning(), [Finding("negative", "error", (), said, remedy)]
    if low != int(low) or 0 <= low < SMALLEST_OFFSET or low != _most_frequent(found) or found.options.background_label:
        return Cleaning(), []
    said = f"all labels have an offset: the background is {low:g} instead of 0"
    remedy = f"Take {low:g} off every pixel (--fix does); it comes from a wrong data type."
    return Cleaning(offset=int(low)), [Finding("offset", "error", (), said, remedy, repairable=True)]


def _most_frequent(found: SetValues) -> float:
    return max(found.counts, key=lambda value: found.counts[value])


def _is_fringed_mask(found: SetValues, offset: int) -> bool:
    """Two main values, and between and around them values that never fill an area."""
    counts = {value - offset: pixels for value, pixels in found.counts.items()}
    top = max(counts, default=0)
    middle = {value: pixels for value, pixels in counts.items() if 0.1 * top <= value < 0.9 * top and value}
    labelled = sum(pixels for value, pixels in counts.items() if value > 0.1 * top)
    nearly_top = sum(pixels for value, pixels in counts.items() if value >= 0.9 * top)
    if top <= 0 or len(middle) < FEWEST_FRINGE_VALUES or nearly_top < MASK_SHARE * labelled:
        return False
    inside = sum(found.interior[value + offset] for value in middle)
    return inside < FRINGE_INTERIOR * sum(middle.values())


def _without_fringe(found: SetValues, offset: int) -> tuple[Cleaning, Finding]:
    top = max(found.counts)
    middle = (top + offset) / 2
    between = {value: pixels for value, pixels in found.counts.items() if offset < value < top}
    where = found.where(lambda plane: plane.counts.keys() & between.keys())
    said = (
        f"a mask with grey fringes: {sum(between.values())} pixels lie between {offset:g} and {top:g}, "
        f"in {len(found.counts) - 2} values"
    )
    remedy = f"Save masks without JPEG and resize without interpolation; --fix makes all from {middle:g} on the mask."
    whole = top == int(top) and top - offset > 1
    cleaning = Cleaning(offset=offset, threshold=middle, merged=int(top) - offset if whole else 1)
    return cleaning, Finding("fringes", "error", where, said, remedy, repairable=True)


def _no_labels(found: SetValues) -> Iterable[Finding]:
    where = found.where(lambda plane: plane.fractions)
    if where:
        said = "values that are not whole numbers, and no mask with soft edges either"
        yield Finding("fractions", "error", where, said, "Labels number cells; threshold probabilities first.")
        return
    where = found.where(lambda plane: plane.blurred)
    if where and _is_picture(found):
        said = f"the labels look like images: {len(found.counts)} values, hardly two neighbours alike"
        yield Finding("picture", "error", where, said, NO_PICTURE)
    elif where:
        share = max(plane.blurred for plane in found.planes)
        said = f"ids were mixed by interpolation: {share:.0%} of the edge pixels lie between those of their neighbours"
        remedy = "Resize label images with nearest neighbour, from the originals: the ids cannot be told again."
        yield Finding("interpolated", "error", where, said, remedy)


def _is_picture(found: SetValues) -> bool:
    """True if the labels of all planes together look like an image."""
    usual = _most_frequent(found)
    labelled = found.counts.total() - found.counts[usual]
    return looks_like_picture(found.interior.total() - found.interior[usual], labelled, len(found.counts))


def _mixed(found: SetValues, offset: int) -> Finding:
    ones, many = (found.counts[value + offset] for value in (1, 255))
    rare = offset + (1 if ones <= many else 255)
    said = f"both 1 ({ones} pixels) and 255 ({many} pixels) mark the foreground"
    remedy = "Use one of them (--fix does); if 255 means unknown, say --ignore-label 255."
    where = found.where(lambda plane: plane.counts[rare])
    return Finding("mixed-foreground", "error", where, said, remedy, repairable=True)

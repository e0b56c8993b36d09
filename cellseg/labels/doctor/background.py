"""Encodings in which 0 is not the background, told by their values and by what surrounds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cellseg.labels.doctor.counts import PlaneValues, total
from cellseg.labels.doctor.finding import Finding
from cellseg.labels.meaning import Meaning
from cellseg.options import LabelOptions

FEWEST_AROUND = 3
SURROUNDED = 0.8
"""Part of the other labels that touch the lowest one, from which on it is what lies between them."""
MOST = 0.5
"""Part of the labelled pixels that this one has, where 0 is there, too."""
CODES = "as in ilastik, Labkit and Fiji's U-Net"


def judge_background(planes: Sequence[PlaneValues], kind: Meaning, options: LabelOptions) -> list[Finding]:
    """Finding where 0 is not the background, in values that are plain but for that.

    What a person said (--labels-are, --background-label) takes precedence over how it looks.
    """
    counts = total(plane.counts for plane in planes)
    if options.background_label:
        return [] if 0 in counts else [_absent(options.background_label)]
    labels = sorted(int(value) for value in counts if value)
    if len(labels) < 2 or options.background_label == 0:
        return []
    surrounding = _of_surrounding(planes, counts, labels, kind)
    if options.labels_are is not None:
        return [Finding(f.code, "warning", f.where, f.found, f.remedy) for f in surrounding]
    return _of_ignored_zero(counts, labels, options) or _of_two(counts, labels) or surrounding


def _absent(label: int) -> Finding:
    said = f"no pixel has the label {label} of the background"
    return Finding("no-background", "error", (), said, "Name with --background-label the value that it has.")


def _of_ignored_zero(counts: Counter[float], labels: Sequence[int], options: LabelOptions) -> list[Finding]:
    if 0 in counts or options.ignore_label != 0:
        return []
    said = f"0 is ignored and nothing is said to be background; the labels are {_listed(labels)}"
    remedy = (
        f"Say --background-label {labels[0]} if that is the background, {CODES}; "
        "--labels-are instances or classes if there is none."
    )
    return [Finding("no-background", "error", (), said, remedy)]


def _of_two(counts: Counter[float], labels: Sequence[int]) -> list[Finding]:
    if 0 in counts or len(labels) != 2:
        return []
    said = f"the labels are {labels[0]} and {labels[1]}, and nothing is background (0)"
    remedy = (
        f"Say --background-label {labels[0]} if that is the background, --labels-are classes or instances if none is."
    )
    return [Finding("no-background", "error", (), said, remedy)]


def _of_surrounding(
    planes: Sequence[PlaneValues], counts: Counter[float], labels: Sequence[int], kind: Meaning
) -> list[Finding]:
    """The lowest label, where it lies around nearly all others like a background."""
    others, touching = (sum(plane.around[k] for plane in planes) for k in range(2))
    large = 0 not in counts or counts[labels[0]] > MOST * sum(counts[value] for value in labels)
    if kind != "instances" or others < FEWEST_AROUND or touching < SURROUNDED * others or not large:
        return []
    said = f"label {labels[0]} looks like the background: {touching} of {others} other labels lie in it"
    zero = " --ignore-label 0" if 0 in counts else ""
    remedy = f"Say --background-label {labels[0]}{zero}, {CODES}; --background-label 0 if it is a cell."
    return [Finding("background-label", "error", (), said, remedy)]


def _listed(labels: Sequence[int]) -> str:
    return ", ".join(map(str, labels[:4])) + (", ..." if len(labels) > 4 else "")

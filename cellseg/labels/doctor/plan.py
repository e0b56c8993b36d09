"""The meaning of a set's labels, and the planes as they are meant and as they are mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cellseg.arrays import Int64, Mask
from cellseg.labels.doctor.background import judge_background
from cellseg.labels.doctor.cleaning import clean
from cellseg.labels.doctor.counts import PlaneValues
from cellseg.labels.doctor.finding import Cleaning, Finding, RepairPlan
from cellseg.labels.doctor.strokes import judge_strokes
from cellseg.labels.doctor.structure import SPECK, Mend, Neighbours, follows, mend, speck_size
from cellseg.labels.doctor.values import judge_ids, judge_values
from cellseg.labels.meaning import Meaning, read_values
from cellseg.labels.pairs import Pair
from cellseg.labels.read import kind_among, kind_told
from cellseg.labels.values import IGNORED
from cellseg.options import LabelOptions

HIGHEST_ID = 2**32
"""Ids from here on fit into no usual label file, and are numbered anew."""
GOES_ON = 0.8
"""Part of the ids shared by two planes that overlap with themselves, in a 3-D annotation."""
NEIGHBOURS_READ = 8


def make_plan(
    pairs: Sequence[Pair], values: Sequence[PlaneValues], options: LabelOptions, *, classes: int = 0
) -> tuple[RepairPlan, list[Finding]]:
    """Meaning of the labels, how they become plain ones, and what is wrong with their values.

    Args:
        pairs: of the set.
        values: of their label planes.
        options: of their reading.
        classes: classes of the model that is gone on from, if any.
    """
    cleaning, findings = judge_values(values, options)
    plan = RepairPlan(cleaning, "instances", SPECK, False, options, True)
    if any(finding.severity == "error" and not finding.repairable for finding in findings):
        return replace(plan, readable=False), findings
    plan = replace(plan, kind=_kind(pairs, plan))
    if not cleaning.changes:
        findings += judge_background(values, plan.kind, options)
    if kind_told([pair.labels for pair in pairs], options) is None:
        pixels = sum(pair.labels.height * pair.labels.width for pair in pairs)
        findings += judge_strokes(values, plan.kind, pixels)
    findings += judge_ids(values, cleaning, plan.kind, classes=classes)
    plan = replace(plan, cleaning=_renumbering(plan, values))
    if plan.kind != "instances":
        return plan, findings
    return replace(plan, volume=_goes_on(pairs, plan), speck=speck_size(_id_areas(values, plan))), findings


def known_pixels(pair: Pair) -> Mask | None:
    """Pixels (H, W) of a pair that somebody annotated; None where all are."""
    return None if pair.annotated is None else read_values(pair.annotated, pair.annotated_plane) != 0


def clean_plane(pair: Pair, plan: RepairPlan) -> Int64:
    """Plain labels (H, W) int64 of a pair, nothing mended."""
    return clean(read_values(pair.labels, pair.label_plane), plan.cleaning, plan.options, known_pixels(pair))


def mend_plane(pairs: Sequence[Pair], number: int, plan: RepairPlan) -> tuple[Int64, list[Mend]]:
    """Mended labels (H, W) int64 of a pair, and what was mended."""
    around = None
    if plan.volume:
        before, behind = (_neighbour(pairs, number, number + step, plan) for step in (-1, 1))
        around = Neighbours(before, behind)
    return mend(clean_plane(pairs[number], plan), plan.kind, plan.speck, ignore=IGNORED, volume=around)


def _kind(pairs: Sequence[Pair], plan: RepairPlan) -> Meaning:
    """As `kind_of`, of plain labels."""
    return kind_among([pair.labels for pair in pairs], (clean_plane(pair, plan) for pair in pairs), plan.options)


def _renumbering(plan: RepairPlan, values: Sequence[PlaneValues]) -> Cleaning:
    """The cleaning, with new numbers where those of classes have gaps or those of cells are too large."""
    cleaning = plan.cleaning
    if plan.kind == "binary":
        return cleaning
    known = sorted({int(value) - cleaning.offset for plane in values for value in plane.counts} | {0})
    limit = len(known) if plan.kind == "classes" else HIGHEST_ID
    return cleaning if known[-1] < limit else replace(cleaning, classes=tuple(known))


def _goes_on(pairs: Sequence[Pair], plan: RepairPlan) -> bool:
    """True if ids go on from plane to plane of the same file."""
    steps = [k for k in range(len(pairs) - 1) if _same_file(pairs[k], pairs[k + 1])]
    shared = touching = 0
    for k in steps[:: max(1, len(steps) // NEIGHBOURS_READ)]:
        both, overlapping = follows(clean_plane(pairs[k], plan), clean_plane(pairs[k + 1], plan))
        shared, touching = shared + both, touching + overlapping
    return shared > 1 and touching > GOES_ON * shared


def _same_file(one: Pair, other: Pair) -> bool:
    return one.labels is other.labels and one.label_plane + 1 == other.label_plane


def _neighbour(pairs: Sequence[Pair], number: int, other: int, plan: RepairPlan) -> Int64 | None:
    if not 0 <= other < len(pairs) or not _same_file(*(pairs[k] for k in sorted((number, other)))):
        return None
    return clean_plane(pairs[other], plan)


def _id_areas(values: Sequence[PlaneValues], plan: RepairPlan) -> Int64:
    """Pixels of every id in every plane."""
    background = plan.cleaning.offset
    areas = [pixels for p in values for value, pixels in p.counts.items() if value != background]
    return np.array(areas, np.int64)

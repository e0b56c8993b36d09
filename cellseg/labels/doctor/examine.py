"""The examination: from pairs of images and labels to a report, plane by plane."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Int64
from cellseg.labels.doctor.finding import Finding, FoundAt, LabelSummary, RepairPlan, Report, Severity
from cellseg.labels.doctor.looks import ImageLooks, judge_looks, look_at_image
from cellseg.labels.doctor.matching import around_labels
from cellseg.labels.doctor.pairing import Matched, choose, judge_pairing, match
from cellseg.labels.doctor.structure import (
    SPECK,
    Fault,
    Mend,
    Neighbours,
    bodies,
    follows,
    mend,
    speck_size,
)
from cellseg.labels.doctor.unlabelled import Forgotten, find_unlabelled
from cellseg.labels.doctor.values import PlaneValues, clean, judge_ids, judge_values, look_at_values
from cellseg.labels.meaning import detect_kind, read_values
from cellseg.labels.pairs import Pair
from cellseg.options import LabelOptions

T = TypeVar("T")
R = TypeVar("R")

PART = 2048
"""Side of the part of a large plane in which forgotten cells are looked for."""
HIGHEST_ID = 2**32
"""Ids from here on fit into no usual label file, and are numbered anew."""
GOES_ON = 0.8
"""Part of the ids shared by two planes that overlap with themselves, in a 3-D annotation."""
NEIGHBOURS_READ = 8
CLEAR_SIGN = 0.05
SMALL_HOLE = 16
"""Holes of so many pixels are in most annotations and do no harm; a speck or a stray piece counts as a cell."""

FAULTS: dict[Fault, tuple[str, str]] = {
    "speck": ("specks: {n}, of up to {size} pixels", "They are drawing slips or debris; --fix removes them."),
    "hole": ("small holes in cells: {n}, of up to {size} pixels", "--fix fills them; a cell has no background inside."),
    "split": (
        "pieces that lie apart from the rest of their id: {n}, of up to {size} pixels",
        "--fix gives each piece an id of its own.",
    ),
}


@dataclass(frozen=True, slots=True)
class ExamineProgress:
    """Planes looked at, of those there are to look at; each is seen twice."""

    done: int
    total: int
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedPair:
    """What is known of one pair."""

    name: str
    looks: ImageLooks
    mends: list[Mend]
    areas: NDArray[np.int64]
    """(n,) pixels of each cell."""
    forgotten: Forgotten | None
    matched: Matched | None


def examine(
    pairs: Sequence[Pair], options: LabelOptions, *, margin: int = 0
) -> Iterator[ExamineProgress | Finding | Report]:
    """Look at all pairs; memory is bounded by planes, not by the set.

    Args:
        pairs: from `find_pairs`.
        options: how the labels are meant.
        margin: what the network takes away on each side, in pixels.

    Yields:
        Progress, findings as soon as they are certain, and last the report with all of them.

    Raises:
        InputError: a file is damaged, or labels have several channels.
    """
    values: list[PlaneValues] = []
    for value in in_order(_look, pairs):
        values.append(value)
        yield ExamineProgress(len(values), 2 * len(pairs), value.name)
    plan, findings = make_plan(pairs, values, options)
    yield from findings
    seen: list[ExaminedPair] = []
    chosen = set(choose(len(pairs)))
    for found in in_order(lambda k: _see(pairs, k, plan, values, k in chosen), range(len(pairs))):
        seen.append(found)
        yield ExamineProgress(len(pairs) + len(seen), 2 * len(pairs), found.name)
    more = [
        *judge_looks([s.looks for s in seen], margin),
        *_of_structure(seen),
        *_of_bodies(pairs, plan),
        *judge_pairing([s.matched for s in seen if s.matched is not None], plan.kind),
        *_of_forgotten(seen, plan),
    ]
    yield from more
    ranked = sorted([*findings, *more], key=lambda finding: ("error", "warning", "note").index(finding.severity))
    yield Report(_summary(seen, values), tuple(ranked), plan)


def make_plan(
    pairs: Sequence[Pair], values: Sequence[PlaneValues], options: LabelOptions
) -> tuple[RepairPlan, list[Finding]]:
    """What the labels mean, how they become plain ones, and what is wrong with their values."""
    ignore = options.ignore_label
    cleaning, findings = judge_values(values, ignore)
    plan = RepairPlan(cleaning, "instances", SPECK, False, ignore, options.foreground == "zero", True)
    if any(finding.severity == "error" and not finding.repairable for finding in findings):
        return replace(plan, readable=False), findings
    if options.labels_are != "instances":
        found = detect_kind((clean_plane(pair, plan) for pair in pairs), ignore_label=ignore)
        plan = replace(plan, kind="classes" if options.labels_are == "classes" and found != "binary" else found)
    findings += judge_ids(values, cleaning, plan.kind, ignore)
    if plan.kind != "binary":
        known = sorted({int(v) - cleaning.offset for p in values for v in p.counts if v != ignore} | {0})
        if known[-1] >= (len(known) if plan.kind == "classes" else HIGHEST_ID):
            plan = replace(plan, cleaning=replace(cleaning, classes=tuple(known)))
    if plan.kind == "instances":
        plan = replace(plan, volume=_goes_on(pairs, plan))
        plan = replace(plan, speck=speck_size(_id_areas(values, plan)))
    return plan, findings


def clean_plane(pair: Pair, plan: RepairPlan) -> Int64:
    """The plain labels (H, W) int64 of a pair, nothing mended."""
    return clean(read_values(pair.labels, pair.label_plane), plan.cleaning, plan.ignore)


def mend_plane(pairs: Sequence[Pair], number: int, plan: RepairPlan) -> tuple[Int64, list[Mend]]:
    """The mended labels (H, W) int64 of a pair, and what was mended."""
    around = None
    if plan.volume:
        before, behind = (_neighbour(pairs, number, number + step, plan) for step in (-1, 1))
        around = Neighbours(before, behind)
    return mend(clean_plane(pairs[number], plan), plan.kind, plan.speck, ignore=plan.ignore, volume=around)


def in_order(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results in the order of the items, computed by some threads that never run far ahead."""
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _look(pair: Pair) -> PlaneValues:
    return look_at_values(read_values(pair.labels, pair.label_plane), pair.name)


def _see(
    pairs: Sequence[Pair], number: int, plan: RepairPlan, values: Sequence[PlaneValues], compared: bool
) -> ExaminedPair:
    pair = pairs[number]
    image, raw = pair.image.read(pair.image_plane), read_values(pair.labels, pair.label_plane)
    looks = look_at_image(image, raw, pair.name)
    if not plan.readable:
        return ExaminedPair(pair.name, looks, [], np.zeros(0, np.int64), None, None)
    labels, mends = mend_plane(pairs, number, plan)
    known = labels if plan.ignore is None else np.where(labels == plan.ignore, 0, labels)
    cells = ((labels == 0) & (labels != plan.ignore)).astype(np.int64) if _is_inverted(plan) else known
    areas = _areas(cells, plan.kind)
    forgotten = None
    if plan.kind == "instances" and not plan.volume and areas.size and not looks.constant:
        part = around_labels(labels, PART)
        forgotten = find_unlabelled(image[(slice(None), *part)], labels[part], float(np.median(areas)), pair.name)
    matched = match(image, cells, pair.name, number) if compared and not looks.constant else None
    return ExaminedPair(pair.name, looks, mends, areas, forgotten, matched)


def _is_inverted(plan: RepairPlan) -> bool:
    return plan.inverted and plan.kind == "binary"


def _areas(labels: Int64, kind: str) -> NDArray[np.int64]:
    """Pixels of each id; of each region that touches by edges in masks and classes."""
    if kind == "instances":
        counts = np.unique(labels, return_counts=True)
        return np.asarray(counts[1][counts[0] > 0])
    regions = [ndimage.label(labels == value)[0].ravel() for value in np.unique(labels) if value > 0]
    return np.concatenate([np.bincount(region)[1:] for region in regions] or [np.zeros(0, np.int64)])


def _goes_on(pairs: Sequence[Pair], plan: RepairPlan) -> bool:
    """Whether ids go on from plane to plane of the same file."""
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


def _id_areas(values: Sequence[PlaneValues], plan: RepairPlan) -> NDArray[np.int64]:
    """Pixels of every id in every plane."""
    background = plan.cleaning.offset
    return np.array(
        [pixels for p in values for value, pixels in p.counts.items() if value not in (background, plan.ignore)],
        np.int64,
    )


def _of_structure(seen: Sequence[ExaminedPair]) -> list[Finding]:
    findings = []
    for fault, (said, remedy) in FAULTS.items():
        places = tuple(
            FoundAt(
                s.name, m.y, m.x, m.value, m.pixels, f"{m.value} -> {m.new}" if fault != "hole" else f"0 -> {m.new}"
            )
            for s in seen
            for m in s.mends
            if m.fault == fault
        )
        if places:
            where = tuple(dict.fromkeys(place.pair for place in places))
            text = said.format(n=len(places), size=max(place.pixels for place in places))
            small = fault == "hole" and max(place.pixels for place in places) <= SMALL_HOLE
            severity: Severity = "note" if small else "warning"
            findings.append(Finding(fault, severity, where, text, remedy, places, repairable=True))
    return findings


def _of_bodies(pairs: Sequence[Pair], plan: RepairPlan) -> list[Finding]:
    if not plan.volume:
        return []
    found: Counter[int] = Counter()
    files = {id(pair.labels): pair.labels for pair in pairs}
    for source in files.values():
        found.update(bodies(clean_plane(pair, plan) for pair in pairs if pair.labels is source))
    if not found:
        return []
    shown = ", ".join(f"{value} ({count} bodies)" for value, count in found.most_common(5))
    said = f"{len(found)} ids lie in several bodies that nothing joins in 3-D: {shown}"
    remedy = "Look at them: either a plane is missing, or two cells share an id."
    return [Finding("split-3d", "warning", (), said, remedy)]


def _of_forgotten(seen: Sequence[ExaminedPair], plan: RepairPlan) -> list[Finding]:
    findings = []
    many = [s.forgotten for s in seen if s.forgotten is not None and s.forgotten.many]
    if many:
        places = tuple(place for forgotten in many for place in forgotten.places)
        where = tuple(dict.fromkeys(place.pair for place in places))
        known = sum(forgotten.labelled for forgotten in many)
        count = sum(forgotten.count for forgotten in many)
        said = f"about {count} things look like cells and have no label, beside {known} cells that have one"
        remedy = "Label them, or mark what nobody annotated with a value of its own and say --ignore-label."
        findings.append(Finding("unlabelled", "warning", where, said, remedy, places))
    empty = tuple(s.name for s in seen if not s.areas.size) if plan.readable else ()
    if empty and len(empty) < len(seen):
        said = f"{len(empty)} of {len(seen)} label planes are empty"
        findings.append(Finding("empty", "note", empty, said, "Nothing, if there is no cell in their images."))
    elif plan.readable and all(s.areas.tolist() == [s.looks.shape[0] * s.looks.shape[1]] for s in seen):
        said = "every pixel is labelled, and all with the same value"
        findings.append(Finding("everything", "error", (), said, "Leave the background 0."))
    elif empty:
        findings.append(Finding("nothing", "error", (), "nothing is labelled at all", "Give labels that hold cells."))
    return findings


def _summary(seen: Sequence[ExaminedPair], values: Sequence[PlaneValues]) -> LabelSummary:
    areas = np.concatenate([s.areas for s in seen])
    fits = [s.matched for s in seen if s.matched is not None]
    pixels = sum(s.looks.shape[0] * s.looks.shape[1] for s in seen)
    known = {value for plane in values for value in plane.counts}
    return LabelSummary(
        pairs=len(seen),
        values=(int(min(known)), int(max(known))),
        dtype=str(values[0].dtype),
        cells=areas.size,
        diameter=float(2 * np.sqrt(np.median(areas) / np.pi)) if areas.size else 0.0,
        labelled=float(areas.sum() / pixels),
        structure=_look_of(fit.best.grey for fit in fits),
        borders=_look_of(fit.best.border for fit in fits),
    )


def _look_of(correlations: Iterable[Any]) -> Literal["brighter", "darker", "unclear"]:
    usual = float(np.median([*correlations] or [0.0]))
    if abs(usual) < CLEAR_SIGN:
        return "unclear"
    return "brighter" if usual > 0 else "darker"

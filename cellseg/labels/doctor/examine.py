"""The examination: from pairs of images and labels to a report, plane by plane.

What a training would refuse is judged without a look at the shape of each label, by `judge`; the doctor does the same
and more, by `examine`. So both say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import ndimage

from cellseg.arrays import Int64
from cellseg.labels.doctor.counts import PlaneValues, look_at_values
from cellseg.labels.doctor.finding import Finding, LabelSummary, RepairPlan, Report
from cellseg.labels.doctor.looks import ImageLooks, judge_looks, look_at_image
from cellseg.labels.doctor.matching import around_labels
from cellseg.labels.doctor.pairing import Matched, choose, judge_pairing, match
from cellseg.labels.doctor.parallel import in_order
from cellseg.labels.doctor.plan import clean_plane, known_pixels, make_plan, mend_plane
from cellseg.labels.doctor.presence import judge_presence
from cellseg.labels.doctor.shape_findings import judge_bodies, judge_mends
from cellseg.labels.doctor.shapes import LabelShapes, judge_shapes, look_at_shapes
from cellseg.labels.doctor.structure import Mend
from cellseg.labels.doctor.unlabelled import Forgotten, find_unlabelled, judge_unlabelled
from cellseg.labels.meaning import read_values
from cellseg.labels.notes import notes_on
from cellseg.labels.pairs import Pair
from cellseg.labels.values import IGNORED
from cellseg.options import LabelOptions

LARGE_PART = 2048
"""Side of the part of a large plane in which forgotten cells are looked for."""
CLEAR_SIGN = 0.05
ORDER = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class ExamineProgress:
    """Planes looked at, of those there are to look at; each is seen twice."""

    done: int
    total: int
    name: str


@dataclass(frozen=True, slots=True)
class Examination:
    """Pairs to examine, and what is known of the training they are for.

    Attributes:
        pairs: of images and labels.
        options: of the labels' reading.
        held: numbers of the pairs that are held out for validation.
        classes: classes of the model that is gone on from; 0: there is none.
        margin: pixels that the network takes away on each side.
        thorough: whether the shape of each label is looked at, too.
    """

    pairs: Sequence[Pair]
    options: LabelOptions
    held: Collection[int] = ()
    classes: int = 0
    margin: int = 0
    thorough: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedPair:
    """Facts of one pair."""

    name: str
    looks: ImageLooks
    shapes: LabelShapes | None
    mends: list[Mend]
    areas: Int64
    """(n,) pixels of each cell."""
    forgotten: Forgotten | None
    matched: Matched | None


def examine(job: Examination) -> Iterator[ExamineProgress | Finding | Report]:
    """Look at all pairs; memory is bounded by planes, not by the set.

    Yields:
        Progress, findings as soon as they are certain, and last the report with all of them.

    Raises:
        InputError: a file is damaged, or labels have several channels.
    """
    pairs, values = job.pairs, list[PlaneValues]()
    for value in in_order(lambda pair: _look(pair, job.options), pairs):
        values.append(value)
        yield ExamineProgress(len(values), 2 * len(pairs), value.name)
    plan, findings = make_plan(pairs, values, job.options, classes=job.classes)
    findings += judge_presence(values, plan, job.held)
    yield from findings
    seen: list[ExaminedPair] = []
    chosen = set(choose(len(pairs)))
    for found in in_order(lambda k: _see(job, k, plan, k in chosen), range(len(pairs))):
        seen.append(found)
        yield ExamineProgress(len(pairs) + len(seen), 2 * len(pairs), found.name)
    more = [*_judged(job, plan, seen)]
    yield from more
    ranked = sorted([*findings, *more], key=lambda finding: ORDER.index(finding.severity))
    yield Report(_summary(seen, values), tuple(ranked), plan)


def judge(job: Examination) -> Report:
    """The report of an examination that a training makes before it begins."""
    *_, report = examine(replace(job, thorough=False))
    assert isinstance(report, Report)
    return report


def _judged(job: Examination, plan: RepairPlan, seen: Sequence[ExaminedPair]) -> Iterable[Finding]:
    """Findings of the second look."""
    yield from _judge_names(job.pairs)
    yield from judge_looks([s.looks for s in seen], job.margin)
    yield from judge_mends([(s.name, s.mends) for s in seen])
    yield from judge_bodies(job.pairs, plan) if job.thorough else ()
    yield from judge_shapes([s.shapes for s in seen if s.shapes is not None], plan)
    matched = judge_pairing([s.matched for s in seen if s.matched is not None], plan.kind)
    yield from (_softened(finding) for finding in matched) if job.options.trust_pairs else matched
    yield from judge_unlabelled([s.forgotten for s in seen if s.forgotten is not None], volume=plan.volume)


def _judge_names(pairs: Sequence[Pair]) -> Iterable[Finding]:
    for said in notes_on(pair.labels for pair in pairs):
        yield Finding("format", "note", (), said, "")
    unlike = [pair for pair in pairs if pair.unlike]
    if unlike:
        said = f"{unlike[0].image.name} was paired with {unlike[0].labels.name}, as each is alone in its folder"
        yield Finding("unlike-names", "warning", (), said, "Give both the same name, or name the two files.")


def _softened(finding: Finding) -> Finding:
    return replace(finding, severity="warning") if finding.severity == "error" else finding


def _look(pair: Pair, options: LabelOptions) -> PlaneValues:
    raw = read_values(pair.labels, pair.label_plane)
    return look_at_values(raw, pair.name, options, known=known_pixels(pair), path=pair.labels.path)


def _see(job: Examination, number: int, plan: RepairPlan, compared: bool) -> ExaminedPair:
    pair = job.pairs[number]
    image = pair.image.read(pair.image_plane)
    if not plan.readable:
        raw = read_values(pair.labels, pair.label_plane)
        looks = look_at_image(image, raw, pair.name)
        return ExaminedPair(pair.name, looks, None, [], np.zeros(0, np.int64), None, None)
    labels = clean_plane(pair, plan)
    looks, shapes = look_at_image(image, labels, pair.name), look_at_shapes(labels, plan, pair.name)
    cells = _cells(labels, plan)
    matched = match(image, cells, pair.name, number) if compared and not looks.constant else None
    mended, mends = mend_plane(job.pairs, number, plan) if job.thorough else (labels, [])
    areas = _areas(_cells(mended, plan), plan.kind)
    forgotten = None
    if job.thorough and plan.kind == "instances" and areas.size and not looks.constant:
        part = around_labels(cells, LARGE_PART)
        usual = float(np.median(areas))
        forgotten = find_unlabelled(image[(slice(None), *part)], mended[part], usual, pair.name)
    return ExaminedPair(pair.name, looks, shapes, mends, areas, forgotten, matched)


def _cells(labels: Int64, plan: RepairPlan) -> Int64:
    """Labels (H, W) with 0 where there is no cell."""
    return (labels == 0).astype(np.int64) if plan.inverted else np.where(labels == IGNORED, 0, labels)


def _areas(labels: Int64, kind: str) -> Int64:
    """Pixels of each id; of each region that touches by edges in masks and classes."""
    values, counts = np.unique(labels, return_counts=True)
    if kind == "instances":
        return np.asarray(counts[values > 0])
    regions = [ndimage.label(labels == value)[0].ravel() for value in values if value > 0]
    return np.concatenate([np.zeros(0, np.int64), *(np.bincount(region)[1:] for region in regions)])


def _summary(seen: Sequence[ExaminedPair], values: Sequence[PlaneValues]) -> LabelSummary:
    areas = np.concatenate([s.areas for s in seen])
    fits = [s.matched.best for s in seen if s.matched is not None]
    pixels = sum(s.looks.shape[0] * s.looks.shape[1] for s in seen)
    known = [value for plane in values for value in plane.counts] or [0]
    return LabelSummary(
        pairs=len(seen),
        values=(int(min(known)), int(max(known))),
        dtype=str(values[0].dtype),
        cells=areas.size,
        diameter=float(2 * np.sqrt(np.median(areas) / np.pi)) if areas.size else 0.0,
        labelled=float(areas.sum() / pixels),
        structure=_look_of(fit.grey for fit in fits),
        borders=_look_of(fit.border for fit in fits),
    )


def _look_of(correlations: Iterable[Any]) -> Literal["brighter", "darker", "unclear"]:
    usual = float(np.median([*correlations] or [0.0]))
    if abs(usual) < CLEAR_SIGN:
        return "unclear"
    return "brighter" if usual > 0 else "darker"

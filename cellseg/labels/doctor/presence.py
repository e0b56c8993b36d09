"""Cells and background: a training needs both, in the planes that it learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from cellseg.labels.doctor.counts import PlaneValues, total
from cellseg.labels.doctor.finding import Finding, RepairPlan

ALL_THE_SAME = "every pixel is labelled, and all with the same value"


def judge_presence(planes: Sequence[PlaneValues], plan: RepairPlan, held: Collection[int] = ()) -> list[Finding]:
    """Finding where cells or background are missing.

    Args:
        planes: values of the set.
        plan: of its reading.
        held: numbers of the planes that a training holds out.
    """
    if not plan.readable:
        return []
    learnt = [plane for number, plane in enumerate(planes) if number not in held]
    labelled = [_parts(plane.counts, plan)[1] for plane in planes]
    background, cells = _parts(total(plane.counts for plane in learnt), plan)
    if not cells:
        return [_nothing(any(labelled))]
    if not background and not _has_borders(learnt, plan):
        where = " in the images to learn from" if held else ""
        return [Finding("everything", "error", (), ALL_THE_SAME + where, "Leave the background 0.")]
    empty = tuple(plane.name for plane, pixels in zip(planes, labelled, strict=True) if not pixels)
    return [*_empty(empty, len(planes))]


def _nothing(anywhere: bool) -> Finding:
    if not anywhere:
        return Finding("nothing", "error", (), "nothing is labelled at all", "Give labels that hold cells.")
    said = "nothing is labelled but in the images held out for validation, the last ones"
    return Finding("nothing", "error", (), said, "Give more images with cells, or others to validate on.")


def _empty(names: tuple[str, ...], count: int) -> Iterable[Finding]:
    if names:
        said = f"{len(names)} of {count} label planes are empty"
        yield Finding("empty", "note", names, said, "Nothing, if there is no cell in their images.")


def _parts(counts: Counter[float], plan: RepairPlan) -> tuple[int, int]:
    """Pixels of background and of cells."""
    limit = plan.cleaning.threshold
    background = sum(
        pixels
        for value, pixels in counts.items()
        if (value == plan.cleaning.offset if limit is None else value < limit)
    )
    cells = sum(counts.values()) - background
    return (cells, background) if plan.inverted else (background, cells)


def _has_borders(planes: Sequence[PlaneValues], plan: RepairPlan) -> bool:
    """True if labels without a background hold two classes: several, or cells that touch, and will be separated."""
    if plan.kind == "classes":
        return len(total(plane.counts for plane in planes)) > 1
    return plan.kind == "instances" and any(plane.touching for plane in planes)

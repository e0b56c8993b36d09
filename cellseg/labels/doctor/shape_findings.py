"""Findings of the shape of labels: specks, holes, ids in several pieces, in planes and in 3-D."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cellseg.labels.doctor.finding import Finding, FoundAt, RepairPlan, Severity
from cellseg.labels.doctor.plan import clean_plane
from cellseg.labels.doctor.structure import Fault, Mend, bodies
from cellseg.labels.pairs import Pair

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


def judge_mends(planes: Sequence[tuple[str, Sequence[Mend]]]) -> Iterable[Finding]:
    """One finding for each fault that a repair mends, from what it mends in each plane."""
    for fault, (said, remedy) in FAULTS.items():
        places = tuple(_place(name, m) for name, mends in planes for m in mends if m.fault == fault)
        if places:
            where = tuple(dict.fromkeys(place.pair for place in places))
            largest = max(place.pixels for place in places)
            severity: Severity = "note" if fault == "hole" and largest <= SMALL_HOLE else "warning"
            text = said.format(n=len(places), size=largest)
            yield Finding(fault, severity, where, text, remedy, places, repairable=True)


def judge_bodies(pairs: Sequence[Pair], plan: RepairPlan) -> Iterable[Finding]:
    """Ids of a 3-D annotation in several bodies."""
    found: Counter[int] = Counter()
    files = {id(pair.labels): pair.labels for pair in pairs} if plan.volume else {}
    for source in files.values():
        found.update(bodies(clean_plane(pair, plan) for pair in pairs if pair.labels is source))
    if found:
        shown = ", ".join(f"{value} ({count} bodies)" for value, count in found.most_common(5))
        said = f"{len(found)} ids lie in several bodies that nothing joins in 3-D: {shown}"
        remedy = "Look at them: either a plane is missing, or two cells share an id."
        yield Finding("split-3d", "warning", (), said, remedy)


def _place(name: str, mend: Mend) -> FoundAt:
    old = 0 if mend.fault == "hole" else mend.value
    return FoundAt(name, mend.y, mend.x, mend.value, mend.pixels, f"{old} -> {mend.new}")

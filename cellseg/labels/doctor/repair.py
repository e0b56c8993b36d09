"""Repaired labels, written under the names of the old ones into a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.files import write_json
from cellseg.images.source import ImageSource
from cellseg.images.write import ResultLayout, layout_like, write_tiled
from cellseg.labels.doctor.examine import ExamineProgress, in_order, mend_plane
from cellseg.labels.doctor.finding import Cleaning, Report
from cellseg.labels.pairs import Pair

CHANGES = "changes.json"
MADE_BY = "cellseg check --fix"


def repair(pairs: Sequence[Pair], report: Report, out: Path, tell: Callable[[ExamineProgress], None]) -> None:
    """Write the labels of all pairs, repaired as the report's plan says; each file appears when it is complete.

    Instances become uint16, or uint32 where there are more, classes and masks uint8; the pixel size is kept.
    `changes.json` lists every change with its position.

    Args:
        pairs: those that were examined.
        report: of `examine`.
        out: a folder that is new, empty, or was made by an earlier repair.
        tell: called as each plane is ready to be written.

    Raises:
        InputError: the folder holds other files or inputs, the values cannot be repaired, or a file cannot
            be written.
    """
    files = _targets(pairs, out)
    if not report.plan.readable:
        found = next(f for f in report.findings if f.severity == "error" and not f.repairable)
        raise InputError(f"the labels cannot be repaired: {found.found}", found.remedy)
    dtype = _type(report)
    write_json(out / CHANGES, {"made_by": MADE_BY, "complete": False})
    count = 0

    def blocks(numbers: list[int], layout: ResultLayout) -> Iterator[NDArray[Any]]:
        nonlocal count
        for labels, _ in in_order(lambda number: mend_plane(pairs, number, report.plan), numbers):
            count += 1
            tell(ExamineProgress(count, len(pairs), pairs[count - 1].name))
            yield from (labels[part].astype(dtype) for part in layout.tiles)

    for target, (source, numbers) in files.items():
        layout = layout_like(source, dtype)
        write_tiled(target, layout, blocks(numbers, layout))
    write_json(out / CHANGES, {"made_by": MADE_BY, "complete": True, "dtype": str(dtype), **changes(report)})


def changes(report: Report) -> dict[str, Any]:
    """Every change that a repair makes: what is done to all values, and each place."""
    places = [
        {"fault": finding.code, **asdict(place)}
        for finding in report.findings
        if finding.repairable
        for place in finding.places
    ]
    values = asdict(report.plan.cleaning) if report.plan.cleaning != Cleaning() else {}
    return {"values": values, "places": places}


def _targets(pairs: Sequence[Pair], out: Path) -> dict[Path, tuple[ImageSource, list[int]]]:
    """The file that is written for each label file, and the pairs whose planes are in it."""
    inputs = {source.path.resolve() for pair in pairs for source in (pair.image, pair.labels) if source.path}
    if any(path.parent == out.resolve() for path in inputs):
        raise InputError("holds the input files", "Give --fix a new folder.", path=out)
    if out.exists() and not out.is_dir():
        raise InputError("is a file", "Give --fix a new folder.", path=out)
    if out.is_dir() and any(out.iterdir()) and not _is_ours(out):
        raise InputError("is not empty and was not made by --fix", "Give --fix a new folder.", path=out)
    files: dict[Path, tuple[ImageSource, list[int]]] = {}
    for number, pair in enumerate(pairs):
        assert pair.labels.path is not None
        target = out / pair.labels.path.name
        source, numbers = files.setdefault(target, (pair.labels, []))
        if source is not pair.labels:
            found = f"two label files are called {target.name}"
            raise InputError(found, "Rename one: both would be written to the same file.", path=pair.labels.path)
        numbers.append(number)
    return files


def _is_ours(out: Path) -> bool:
    with suppress(OSError, ValueError):
        tree = json.loads((out / CHANGES).read_text(encoding="utf-8"))
        return isinstance(tree, dict) and tree.get("made_by") == MADE_BY
    return False


def _type(report: Report) -> np.dtype[Any]:
    """The smallest usual type that holds all labels."""
    plan, highest = report.plan, report.summary.values[1] - report.plan.cleaning.offset
    highest = len(plan.cleaning.classes) or highest
    split = sum(len(finding.places) for finding in report.findings if finding.code == "split")
    if plan.ignore is not None and plan.ignore < 0:
        return np.dtype(np.int32)
    highest = max(highest + split, plan.ignore or 0, plan.cleaning.merged or 0)
    if plan.kind != "instances" and (highest <= 255 or plan.cleaning.classes):
        return np.dtype(np.uint8)
    return np.dtype(np.uint16 if highest < 2**16 else np.uint32)

"""Repaired labels, written under the names of the old ones into a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Array, Int64
from cellseg.errors import InputError
from cellseg.files import place_to_write, real_place, write_json
from cellseg.folders import files_together
from cellseg.images.source import ImageSource
from cellseg.images.write import ResultLayout, layout_like, write_tiled
from cellseg.labels.cell_classes import CellClasses, table_goes_with
from cellseg.labels.doctor.cleaning import clean
from cellseg.labels.doctor.examine import ExamineProgress
from cellseg.labels.doctor.finding import Cleaning, RepairPlan, Report
from cellseg.labels.doctor.parallel import in_order
from cellseg.labels.doctor.plan import known_pixels, mend_plane
from cellseg.labels.formats.plain import is_label_image
from cellseg.labels.formats.readers import bare
from cellseg.labels.meaning import read_values
from cellseg.labels.opened import is_one_file
from cellseg.labels.pairs import Pair
from cellseg.labels.values import without_background

CHANGES = "changes.json"
MADE_BY = "cellseg check --fix"


def repair(pairs: Sequence[Pair], report: Report, out: Path, tell: Callable[[ExamineProgress], None]) -> None:
    """Write the labels of all pairs, repaired as the report's plan says; all files appear when all are complete.

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
    count = 0

    def blocks(numbers: list[int], layout: ResultLayout, classes: _ClassesNow) -> Iterator[Array]:
        nonlocal count
        repaired = in_order(lambda number: _repaired(pairs, number, report.plan), numbers)
        for number, labels in zip(numbers, repaired, strict=True):
            count += 1
            tell(ExamineProgress(count, len(pairs), pairs[count - 1].name))
            classes.take(pairs[number].label_plane, labels)
            yield from (labels[part].astype(dtype) for part in layout.tiles)

    with ExitStack() as stack:
        for name in files:
            stack.enter_context(table_goes_with(out / name))
        folder = stack.enter_context(files_together(out))
        for name, (source, numbers) in files.items():
            layout, classes = layout_like(source, dtype), _ClassesNow(source, report.plan.kind)
            write_tiled(folder / name, layout, blocks(numbers, layout, classes))
            classes.write_beside(folder / name)
        write_json(folder / CHANGES, {"made_by": MADE_BY, "complete": True, "dtype": str(dtype), **changes(report)})


class _ClassesNow:
    """Classes of the cells of a file while its planes are repaired, where it has some beside it."""

    def __init__(self, source: ImageSource, kind: str) -> None:
        self._source, self._rows = source, list[Int64]()
        self._before = CellClasses.beside(source.path) if kind == "instances" and source.path is not None else None

    def take(self, plane: int, labels: Array) -> None:
        """Take a plane (H, W), as it is written."""
        if self._before is not None:
            self._rows.append(self._before.carried_over(plane, read_values(self._source, plane), labels))

    def write_beside(self, labels: Path) -> None:
        """Write them beside a file."""
        if self._before is not None:
            CellClasses(self._before.names, np.concatenate(self._rows)).write_beside(labels)


def _repaired(pairs: Sequence[Pair], number: int, plan: RepairPlan) -> Int64:
    """Mended labels (H, W) with the numbers of the file for background and ignored pixels."""
    pair = pairs[number]
    labels, known = without_background(mend_plane(pairs, number, plan)[0], plan.options), known_pixels(pair)
    if known is None:
        return labels
    raw = clean(read_values(pair.labels, pair.label_plane), plan.cleaning, plan.options)
    return np.where(known, labels, without_background(raw, plan.options))


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


def _targets(pairs: Sequence[Pair], out: Path) -> dict[str, tuple[ImageSource, list[int]]]:
    """The name of the file that is written for each label file, and the pairs whose planes are in it."""
    _check_folder(pairs, out)
    files: dict[str, tuple[ImageSource, list[int]]] = {}
    for number, pair in enumerate(pairs):
        if pair.labels.path is None:
            remedy = "Only label files can be repaired, no folders of the Cell Tracking Challenge."
            raise InputError("the labels are put together of several files", remedy)
        name = _file_name(pair.labels, pair.labels.path)
        source, numbers = files.setdefault(name, (pair.labels, []))
        if source is not pair.labels:
            found = f"two label files are called {name}"
            raise InputError(found, "Rename one: both would be written to the same file.", path=pair.labels.path)
        numbers.append(number)
    return files


def _file_name(labels: ImageSource, path: Path) -> str:
    """The name of a label file; a TIFF's where they were put together or drawn."""
    return path.name if is_one_file(labels) and is_label_image(path) else f"{bare(Path(labels.name)).name}.tif"


def _check_folder(pairs: Sequence[Pair], out: Path) -> None:
    """InputError where the folder cannot be that of a repair."""
    real_out = place_to_write(out)
    inputs = {real_place(source.path) for pair in pairs for source in (pair.image, pair.labels) if source.path}
    faults = {
        "holds the input files": any(path.parent == real_out for path in inputs),
        "is a file": out.exists() and not out.is_dir(),
        "is not empty and was not made by --fix": out.is_dir() and any(out.iterdir()) and not _is_ours(out),
    }
    found = next((text for text, wrong in faults.items() if wrong), None)
    if found:
        raise InputError(found, "Give --fix a new folder.", path=out)


def _is_ours(out: Path) -> bool:
    with suppress(OSError, ValueError):
        tree = json.loads((out / CHANGES).read_text(encoding="utf-8"))
        return isinstance(tree, dict) and tree.get("made_by") == MADE_BY
    return False


def _type(report: Report) -> np.dtype[Any]:
    """The smallest usual type that holds all labels."""
    plan, options = report.plan, report.plan.options
    named = [value for value in (options.ignore_label, options.background_label) if value is not None]
    if min(named, default=0) < 0:
        return np.dtype(np.int32)
    highest = max([_highest(report), *named])
    if plan.kind != "instances" and (highest <= 255 or plan.cleaning.classes):
        return np.dtype(np.uint8)
    return np.dtype(np.uint16 if highest < 2**16 else np.uint32)


def _highest(report: Report) -> int:
    """The largest number of a cell or class, with one more where another value is the background."""
    cleaning, split = report.plan.cleaning, sum(len(f.places) for f in report.findings if f.code == "split")
    highest = len(cleaning.classes) or report.summary.values[1] - cleaning.offset
    return max(highest + split, cleaning.merged or 0) + bool(report.plan.options.background_label)

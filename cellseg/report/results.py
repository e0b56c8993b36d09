"""From finished results to the table of all their cells and the page about them, image by image and block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from cellseg.images.names import names_of
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource
from cellseg.measure.by_blocks import tables_by_blocks
from cellseg.measure.files import MeasurePlan, plan_of
from cellseg.measure.table_file import GrowingTable, growing_table
from cellseg.options import LabelOptions, PredictOptions
from cellseg.report.facts import MeasuredCells
from cellseg.report.growing import GrowingReport, growing_report
from cellseg.report.page import PageWords
from cellseg.report.pictures import pictures_of
from cellseg.report.records import PredictionRecord

SINGLE = ("image",)
"""Name of a single channel in columns: that of a file would give each image columns of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class FinishedImage:
    """An image whose cells are found."""

    image: ImageSource
    result: Path
    record: PredictionRecord | None = None
    """What only its prediction knew."""


@dataclass(frozen=True, slots=True)
class Summarised:
    """Progress: so many images are measured, with so many cells, and the name of the last one."""

    done: int
    name: str
    cells: int


def summarise_results(
    finished: Sequence[FinishedImage],
    options: PredictOptions,
    *,
    table: Path | None = None,
    report: Path | None = None,
    words: PageWords = PageWords("Report", {}),
) -> Iterator[Summarised]:
    """Measure the cells of images one by one, and write one table and one page about all of them.

    Args:
        finished: images and their results.
        options: of the prediction; cells that are linked through slices are measured as volumes.
        table: the CSV, with a row a cell.
        report: the page, which holds all that it shows.
        words: what it tells beside the images.

    Raises:
        InputError: a damaged file, or one that cannot be written.
    """
    cells = 0
    with ExitStack() as opened:
        rows = None if table is None else opened.enter_context(growing_table(table))
        page = None if report is None else opened.enter_context(growing_report(report, words))
        names = names_of([each.image for each in finished])
        for count, (name, each) in enumerate(zip(names, finished, strict=True), 1):
            cells += _add(name, each, _plan(each, options), rows, page)
            yield Summarised(count, name, cells)


def _add(
    name: str, each: FinishedImage, plan: MeasurePlan, rows: GrowingTable | None, page: GrowingReport | None
) -> int:
    """Measure one image; gives the number of its cells."""
    tally, cells = MeasuredCells(plan), 0
    for part in tables_by_blocks(plan):
        tally.add(part)
        cells += len(part)
        if rows is not None:
            rows.add(name, part)
    if page is not None:
        record = each.record or PredictionRecord()
        facts = tally.facts(name, each.result, page.bins)
        facts = replace(facts, certainty=record.sure.value, notes=tuple(record.notes))
        page.add(facts, pictures_of(each.image, plan.labels))
    return cells


def _plan(each: FinishedImage, options: PredictOptions) -> MeasurePlan:
    image = each.image
    labels = open_image(each.result, palette="index")
    if sorted(labels.plane_axes) != sorted(image.plane_axes):  # its format has no such letters
        labels = replace(labels, plane_axes=image.plane_axes, plane_shape=image.plane_shape)
    volume = options.link == "overlap" and image.plane_axes.endswith("Z") and labels.plane_axes.endswith("Z")
    plan = plan_of(labels, image, volume=volume, reading=LabelOptions(labels_are="instances"))
    return replace(plan, names=SINGLE if image.channels == 1 else ())

"""cellseg measure: a table with a row a cell."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cellseg.cli.flags import AxesFlag, JsonFlag, VolumeFlag
from cellseg.cli.label_notes import KINDS, say_notes
from cellseg.cli.progress import bar, say
from cellseg.errors import InputError
from cellseg.options import LabelOptions

if TYPE_CHECKING:
    from cellseg.measure import CellTable
    from cellseg.measure.files import MeasurePlan

PLACES = ("cell", "plane", "frame", "axis", "first_", "last_", "centroid_")
"""Beginnings of the columns that tell which cell it is and where, and not of what kind."""


def measure(
    labels: Path,
    image: Path | None = None,
    *,
    out: Path,
    volume: VolumeFlag = False,
    axes: AxesFlag = None,
    reading: Annotated[LabelOptions, Parameter(name="*")] = LabelOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Measure every cell of a label image: place, size, shape and brightness, a row a cell.

    Lengths are in micrometres where the file knows the size of a pixel, else in pixels; column names end in the unit.

    Parameters
    ----------
    labels
        A TIFF or OME-Zarr folder with cell numbers, such as `cellseg predict` writes; of a mask or of classes the
        connected regions are the cells.
    image
        The image in which brightness is measured, each channel by itself.
    out
        The CSV file to write.
    """
    from cellseg.measure.files import plan_measuring
    from cellseg.measure.table import joined

    _refuse_input(out, labels, image)
    plan = plan_measuring(labels, image, volume=volume, axes=axes, reading=reading)
    say(_in_words(plan, volume))
    say_notes([plan.labels])
    table = joined(_tables(plan))
    table.write(out)
    if as_json:
        sys.stdout.write(json.dumps(_tree(table, plan, out)) + "\n")
    say(f"wrote {out}: {len(table)} cells")
    return 0


def _refuse_input(out: Path, labels: Path, image: Path | None) -> None:
    from cellseg.files import place_to_write, real_place

    if place_to_write(out) in [real_place(path) for path in (labels, image) if path is not None]:
        raise InputError("is an input and would be replaced", "Choose another --out.", path=out)


def _tables(plan: MeasurePlan) -> list[CellTable]:
    """The table of each plane or volume, with a bar."""
    tables = []
    with bar("measuring", len(plan.places)) as update:
        for count, table in enumerate(plan.tables(), 1):
            tables.append(table)
            update(count)
    return tables


def _in_words(plan: MeasurePlan, volume: bool) -> str:
    count, word = len(plan.places), "volume" if volume else "plane"
    unit = "micrometres" if plan.grid.unit == "um" else "pixels, for the file does not know how large they are"
    return f"the labels are {KINDS[plan.kind]}; {count} {word}{'s' * (count != 1)}, in {unit}"


def _tree(table: CellTable, plan: MeasurePlan, out: Path) -> dict[str, Any]:
    told = [name for name in table.columns if not name.startswith(PLACES) and name not in table.words]
    return {
        "cells": len(table),
        "places": len(plan.places),
        "unit": plan.grid.unit,
        "columns": [*table.columns],
        "mean": {name: _mean(table, name) for name in told},
        "out": str(out),
    }


def _mean(table: CellTable, column: str) -> float | None:
    """The mean over the cells that have such a value."""
    known = [value for value in table[column].tolist() if math.isfinite(value)]
    return sum(known) / len(known) if known else None

"""Cells as GeoJSON that QuPath opens: a detection each, with its name and measurements."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cellseg.conversion.numbers import numbers_of
from cellseg.files import complete_file
from cellseg.images.plane_places import frame_and_slice
from cellseg.labels.formats.geojson import feature_of
from cellseg.labels.formats.outline import outlines
from cellseg.measure.files import MeasurePlan
from cellseg.measure.table import CellTable

PLACES = ("cell", "class", "plane", "frame", "axis", "first_", "last_")
"""Beginnings of columns that are no measurements."""


def write_geojson(path: Path, plans: Sequence[MeasurePlan]) -> int:
    """Write a feature for each cell; of stacks each has its frame and slice."""
    (plan,) = plans
    count = 0
    with complete_file(path) as part, open(part, "w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for count, feature in enumerate(_features(plan), 1):
            file.write(f"{',' * (count > 1)}\n{json.dumps(feature)}")
        file.write("\n]}\n")
    return count


def _features(plan: MeasurePlan) -> Iterator[dict[str, Any]]:
    for plane, table in enumerate(plan.tables()):
        measured, kinds = _measurements(table), _kinds(plan, plane, table)
        for number, paths in outlines(numbers_of(plan, plane)):
            yield feature_of(number, paths, measured[number], _position(plan, plane), kinds.get(number, ""))


def _kinds(plan: MeasurePlan, plane: int, table: CellTable) -> dict[int, str]:
    """Name of the class of each cell of a plane that has one."""
    if plan.classes is None:
        return {}
    cells = table["cell"].astype(int)
    numbers = plan.classes.of(cells, [plane]).tolist()
    return {int(cell): plan.classes.names[k - 1] for cell, k in zip(cells, numbers, strict=True) if k}


def _measurements(table: CellTable) -> dict[int, dict[str, float]]:
    """Measurements of each cell by name, without those that it has not."""
    names = [name for name in table.columns if not name.startswith(PLACES)]
    columns = [table[name].tolist() for name in names]
    rows = zip(*columns, strict=True) if columns else iter(())
    found = (
        {name: round(value, 6) for name, value in zip(names, row, strict=True) if math.isfinite(value)} for row in rows
    )
    return dict(zip(table["cell"].astype(int).tolist(), found, strict=True))


def _position(plan: MeasurePlan, plane: int) -> tuple[int, int] | None:
    """Frame and slice of a plane, from 0; None of a single one."""
    labels = plan.labels
    return None if labels.planes == 1 else frame_and_slice(labels.plane_axes, labels.plane_shape, plane)

"""Scores for people and for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cellseg.cli.progress import console
from cellseg.evaluation.summary import ScoreValues, Summary, worst
from cellseg.files import write_text
from cellseg.metrics.objects import ObjectRow
from cellseg.metrics.scores import base_name, smaller_is_better
from cellseg.metrics.states import STATES

MOST_ROWS, MOST_COLUMNS = 12, 6
SHORT = {"average_precision": "AP", "mean_average_precision": "mean AP"}


def as_tree(rows: Mapping[str, ScoreValues], summary: Summary) -> dict[str, Any]:
    """Everything as JSON knows it: null for what is not defined."""
    return {
        "mean": _plain(summary.mean),
        "pooled": _plain(summary.pooled),
        "images": {name: _plain(row) for name, row in rows.items()},
        "count": len(rows),
    }


def print_table(rows: Mapping[str, ScoreValues], summary: Summary) -> None:
    """A column a metric and a row an image; where either are many, a row a metric."""
    layout = _by_image if len(summary.mean) <= MOST_COLUMNS else _by_metric
    layout(rows, summary.mean, summary.pooled)


def write_objects(path: Path, objects: Iterable[tuple[str, int, ObjectRow]]) -> None:
    """CSV with a row for each object: of the truth all, of the prediction those without a partner."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for image, number, row in objects:
        table.writerow(_object(image, number, row))
    write_text(path, text.getvalue())


COLUMNS = (
    *("image", "class", "object_in", "id", "state", "matched_id", "iou", "seg_j", "area", "z", "y", "x"),
    *("first_y", "first_x", "last_y", "last_x"),
)


def _object(image: str, number: int, row: ObjectRow) -> list[Any]:
    is_true = row.side == "truth"
    own, other = (row.truth_id, row.prediction_id)[:: 1 if is_true else -1]
    jaccard = f"{row.jaccard:.6f}" if is_true else ""
    *depth, y, x = (f"{at:.2f}" for at in row.centroid)
    return [
        *(image, _known(number), row.side, own, STATES[row.kind], _known(other), f"{row.iou:.6f}", jaccard, row.area),
        *(*(depth or [""]), y, x),
        *(*row.start[-2:], *(end - 1 for end in row.stop[-2:])),
    ]


def _known(number: int) -> int | str:
    """A number of which 0 stands for none, and is left empty."""
    return number or ""


def _by_image(rows: Mapping[str, ScoreValues], mean: ScoreValues, pooled: ScoreValues) -> None:
    from rich.table import Table

    table = Table("image", *map(_heading, mean))
    if len(rows) <= MOST_ROWS:
        for name, row in rows.items():
            table.add_row(name, *_cells(row, mean))
        table.add_section()
    table.add_row(f"mean of {len(rows)}", *_cells(mean, mean), style="bold")
    if len(rows) > 1:
        table.add_row("pooled", *_cells(pooled, mean), style="bold")
    console(error=False).print(table)


def _by_metric(rows: Mapping[str, ScoreValues], mean: ScoreValues, pooled: ScoreValues) -> None:
    from rich.table import Table

    several = len(rows) > 1
    table = Table("metric", *([f"mean of {len(rows)}", "pooled", "worst image"] if several else [*rows]))
    for name, value in mean.items():
        others = [_number(pooled.get(name)), _worst(rows, name)] if several else []
        table.add_row(_heading(name), _number(value), *others)
    console(error=False).print(table)


def _worst(rows: Mapping[str, ScoreValues], name: str) -> str:
    """The worst value and its image; empty where the metric is nowhere defined."""
    image = worst(rows, name)
    return f"{_number(rows[image].get(name))}  {image}" if image else ""


def _heading(name: str) -> str:
    base = base_name(name)
    return f"{SHORT.get(base, base)}{name.removeprefix(base)} {'↓' if smaller_is_better(name) else '↑'}"


def _cells(row: ScoreValues, names: Iterable[str]) -> list[str]:
    return [_number(row.get(name)) for name in names]


def _number(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.4f}"


def _plain(row: ScoreValues) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in row.items()}

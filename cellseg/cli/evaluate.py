"""cellseg evaluate: how good a segmentation is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import bar, console
from cellseg.errors import InputError
from cellseg.options import LabelOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cellseg.images.labels import Kind
    from cellseg.images.pairs import Pair
    from cellseg.images.source import ImageSource

GROUPS = {
    "em": ("pixel_error", "rand_error", "warping_error", "v_rand", "v_info"),
    "cells": ("iou", "dice", "seg", "average_precision", "f1", "panoptic_quality"),
}
SMALLER_IS_BETTER = ("pixel_error", "rand_error", "warping_error")
MASKS = ("pixel_error", "iou", "dice", "warping_error")


def evaluate(
    prediction: str,
    truth: str,
    *,
    metrics: str = "pixel_error,v_rand,v_info,iou,dice",
    planes: str = "",
    picture: Path | None = None,
    as_json: JsonFlag = False,
) -> int:
    """Compare a segmentation with the truth, image by image, and print the means.

    Parameters
    ----------
    prediction
        A TIFF, a folder or a glob: numbered cells, classes, or probabilities (cut at 0.5).
    truth
        The same for the truth; matched by page or by name.
    metrics
        em, cells, or names with commas between them.
    planes
        Only some of the pairs, such as 20:24 (from 0, the last excluded).
    picture
        PNG in which errors of the first pair are shown in colour.
    """
    from cellseg.images.pairs import find_pairs

    names = _names(metrics)
    pairs = find_pairs(prediction, truth)
    pairs = pairs[_slice(planes, len(pairs))] if planes else pairs
    kinds = (_kind([(p.image, p.image_plane) for p in pairs]), _kind([(p.labels, p.label_plane) for p in pairs]))
    rows = {}
    with bar("evaluating", len(pairs)) as update:
        for count, pair in enumerate(pairs, 1):
            rows[pair.name] = score(pair, kinds, names)
            update(count, pair.name)
    mean = {name: sum(row[name] for row in rows.values()) / len(rows) for name in names}
    if picture is not None:
        from cellseg.cli.pictures import draw_errors

        draw_errors(*read(pairs[0], kinds), picture)
    if as_json:
        sys.stdout.write(json.dumps({"mean": mean, "images": rows, "count": len(rows)}) + "\n")
    else:
        _print(rows, mean)
    return 0


def score(pair: Pair, kinds: tuple[Kind, Kind], names: list[str]) -> dict[str, float]:
    """The metrics of one pair."""
    found, wanted = read(pair, kinds)
    return {
        name: _metric(name)(found > 0, wanted > 0) if name in MASKS else _metric(name)(found, wanted) for name in names
    }


def read(pair: Pair, kinds: tuple[Kind, Kind]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Instances of prediction and truth, int32 (H, W)."""
    found, wanted = (
        _instances(pair.image, pair.image_plane, kinds[0]),
        _instances(pair.labels, pair.label_plane, kinds[1]),
    )
    return found, wanted


def _instances(source: ImageSource, plane: int, kind: Kind) -> NDArray[np.int32]:
    from cellseg.images.labels import interpret, read_values

    values = read_values(source, plane)
    return interpret(values >= 0.5 if _is_probability(source) else values, kind, path=source.path).instances


def _kind(planes: list[tuple[ImageSource, int]]) -> Kind:
    from cellseg.images.read_labels import kind_of

    return "binary" if _is_probability(planes[0][0]) else kind_of(planes, LabelOptions())


def _is_probability(source: ImageSource) -> bool:
    return source.dtype.kind == "f"


def _metric(name: str) -> Callable[..., float]:
    from cellseg import metrics

    found: Callable[..., float] = getattr(metrics, name)
    return found


def _names(metrics: str) -> list[str]:
    names = [name for word in metrics.split(",") for name in GROUPS.get(word, (word,))]
    known = [name for group in GROUPS.values() for name in group]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"there is no metric {', '.join(unknown)}", f"Known are: em, cells, {', '.join(known)}.")
    return names


def _slice(planes: str, count: int) -> slice:
    first, _, last = planes.partition(":")
    try:
        found = slice(int(first or 0), int(last or count))
    except ValueError:
        raise InputError(f"--planes {planes} is no range", "Give one such as 20:24.") from None
    if not range(count)[found]:
        raise InputError(f"--planes {planes} holds none of the {count} images", "Count from 0.")
    return found


def _print(rows: dict[str, dict[str, float]], mean: dict[str, float]) -> None:
    from rich.table import Table

    table = Table("image", *(f"{name} {'↓' if name in SMALLER_IS_BETTER else '↑'}" for name in mean))
    for name, row in list(rows.items())[:40]:
        table.add_row(name, *(f"{value:.4f}" for value in row.values()))
    if len(rows) > 40:
        table.add_row(f"... {len(rows) - 40} more")
    table.add_section()
    table.add_row("mean", *(f"{value:.4f}" for value in mean.values()), style="bold")
    console(error=False).print(table)

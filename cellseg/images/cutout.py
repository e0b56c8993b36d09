"""Regions of an image plane as files of their own, which are normalised as the whole plane is.

A training reads only what is annotated of a large image, and a prediction normalises the whole plane: without the
statistics of the plane beside the cut, the network would see other grey values in both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from cellseg.errors import InputError
from cellseg.files import write_json
from cellseg.images.normalise import Normalisation, measure
from cellseg.images.source import ImageSource
from cellseg.images.write import write_stack


def cut_out(source: ImageSource, plane: int, regions: Mapping[Path, tuple[slice, slice]]) -> None:
    """Write regions of a plane, each with a note beside it (`a.tif.json`) that holds the plane's statistics.

    Args:
        source: the image.
        plane: number of the plane.
        regions: for each file to be written its rows and columns.

    Raises:
        InputError: the image cannot be read, or a file cannot be written.
    """
    statistics = asdict(measure(source, plane))
    for path, (rows, columns) in regions.items():
        part = source.read(plane, rows, columns)
        where = {"rows": [rows.start, rows.stop], "columns": [columns.start, columns.stop]}
        write_json(_note(path), {"cut_from": str(source.path or source.name), "plane": plane, **where, **statistics})
        write_stack(
            path,
            part if len(part) > 1 else part[0],
            "CYX" if len(part) > 1 else "YX",
            pixel_size_um=source.pixel_size_um,
            channel_names=source.channel_names if len(part) > 1 else (),
        )


def statistics_of(source: ImageSource, plane: int) -> Normalisation:
    """Grey values of a plane, or of the one that it was cut from.

    Raises:
        InputError: the note beside a cut is damaged, or values that are not finite.
    """
    note = _note(source.path) if source.path is not None else None
    if note is None or not note.exists():
        return measure(source, plane)
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        if "cut_from" not in told:
            return measure(source, plane)
        return Normalisation(tuple(map(float, told["mean"])), tuple(map(float, told["std"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Cut it out again, or remove this file: the cut is normalised by itself then."
        raise InputError(f"is damaged ({type(error).__name__})", remedy, path=note) from error


def _note(image: Path) -> Path:
    return image.with_name(f"{image.name}.json")

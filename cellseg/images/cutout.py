"""Regions of an image plane as files of their own, which are seen in the grey values of the whole plane.

A training reads only what is annotated of a large image, and a prediction measures the whole plane: without the
measures of the plane beside the cut, the network would see other grey values in both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.files import write_json
from cellseg.images.contrast import Levels, measure_levels
from cellseg.images.grey_values import CONTRAST, MEAN, GreyRule, PlaneGreys
from cellseg.images.normalise import Normalisation, measure
from cellseg.images.source import ImageSource
from cellseg.images.write import write_stack


def cut_out(source: ImageSource, plane: int, regions: Mapping[Path, tuple[slice, slice]]) -> None:
    """Write regions of a plane, each with a note beside it (`a.tif.json`) that holds the plane's grey values.

    Args:
        source: the image.
        plane: number of the plane.
        regions: for each file to be written its rows and columns.

    Raises:
        InputError: the image cannot be read, or a file cannot be written.
    """
    levels = [asdict(each) for each in measure_levels(source, plane)]
    measured = {**asdict(measure(source, plane)), "levels": levels}
    for path, (rows, columns) in regions.items():
        region = source.read(plane, rows, columns)
        where = {"rows": [rows.start, rows.stop], "columns": [columns.start, columns.stop]}
        write_json(_note(path), {"cut_from": str(source.origin), "plane": plane, **where, **measured})
        _write_region(path, region, source)


def noted_greys(source: ImageSource, rule: GreyRule) -> PlaneGreys | None:
    """Grey values of the plane that an image was cut from; None for one that was not cut out.

    Raises:
        InputError: the note beside a cut is damaged.
    """
    note = _note(source.path) if source.path is not None else None
    if note is None or not note.exists():
        return None
    try:
        return _told(json.loads(note.read_text(encoding="utf-8")), rule)
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Cut it out again, or remove this file: the cut is normalised by itself then."
        raise InputError(f"is damaged ({type(error).__name__})", remedy, path=note) from error


def _told(note: dict[str, Any], rule: GreyRule) -> PlaneGreys | None:
    """The grey values in a note; None where it is somebody else's file, or older than the rule."""
    if "cut_from" not in note or rule.name not in (MEAN, CONTRAST):
        return None
    if rule.name == MEAN:
        return Normalisation(tuple(map(float, note["mean"])), tuple(map(float, note["std"])))
    levels = [_levels(each) for each in note.get("levels", ())]
    return tuple(levels) or None


def _levels(note: dict[str, Any]) -> Levels:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in note.items()}
    return Levels(**values)


def _write_region(path: Path, region: NDArray[Any], source: ImageSource) -> None:
    """(C, h, w) as a stack of channels, or of one channel as a single page."""
    size = source.pixel_size_um
    if len(region) > 1:
        write_stack(path, region, "CYX", pixel_size_um=size, channel_names=source.channel_names)
    else:
        write_stack(path, region[0], "YX", pixel_size_um=size)


def _note(image: Path) -> Path:
    return image.with_name(f"{image.name}.json")

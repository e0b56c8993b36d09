"""cellseg convert: labels in the formats of other programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cellseg.cli.flags import Flat, JsonFlag, LikeFlag
from cellseg.cli.label_notes import say_notes, say_numbered
from cellseg.cli.progress import bar, console, say
from cellseg.errors import InputError
from cellseg.options import ConvertOptions, LabelOptions


def convert(
    labels: Path,
    *,
    out: Path,
    like: LikeFlag = None,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    options: Annotated[ConvertOptions, Flat] = ConvertOptions(),
    reading: Annotated[LabelOptions, Flat] = LabelOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Convert labels into the format that the name of --out says; cells keep their numbers, and holes stay.

    .zip is a ROI set of Fiji, .geojson opens in QuPath, .json is COCO (run lengths), .png has 16 bits, .tif, .zarr.
    With --to the labels of a folder become the files of another one.

    Parameters
    ----------
    labels
        Labels in any format that is read: TIFF, OME-Zarr, PNG, ROI set, GeoJSON, COCO, LabelMe, HDF5, .npz, a folder
        with one mask for each cell; for COCO, and with --to, also a folder of labels.
    out
        The file to write, or with --to the folder.
    overwrite
        Replace files that are there.
    """
    inputs = [path for path in (labels, like) if path is not None]
    if options.to is not None:
        count, cells = _folder(labels, out, inputs, {"to": options.to, "like": like, "reading": reading}, overwrite)
    else:
        count, cells = _one(labels, out, inputs, {"like": like, "reading": reading}, overwrite)
    if as_json:
        sys.stdout.write(json.dumps({"cells": cells, "images": count, "out": str(out)}) + "\n")
    say(f"wrote {out}: {cells} cells" + (f" in {count} files" if options.to is not None else ""))
    return 0


def _one(labels: Path, out: Path, inputs: list[Path], how: dict[str, Any], overwrite: bool) -> tuple[int, int]:
    """Write one file; gives the number of images and of cells."""
    from cellseg.conversion.labels import plan_conversion

    _refuse_there(out, inputs, overwrite)
    plan = plan_conversion(labels, out, **how)
    say_notes(plan.labels)
    if how["reading"].labels_are is None:
        say_numbered(plan.plans[0].kind)
    with console().status("converting"):
        return len(plan.plans), plan.write()


def _folder(labels: Path, out: Path, inputs: list[Path], how: dict[str, Any], overwrite: bool) -> tuple[int, int]:
    """Write a folder; gives the number of files and of cells."""
    from cellseg.conversion.folder import plan_folder

    _refuse_input(out, inputs)
    plan = plan_folder(labels, out, overwrite=overwrite, **how)
    if how["reading"].labels_are is None:
        say_numbered(plan.files[0].plans[0].kind)
    cells = 0
    with bar("converting", len(plan.files)) as update:
        for done, count in enumerate(plan.write(), 1):
            cells += count
            update(done)
    say_notes(plan.labels)
    return len(plan.files), cells


def _refuse_there(out: Path, inputs: list[Path], overwrite: bool) -> None:
    _refuse_input(out, inputs)
    if out.exists() and not overwrite:
        raise InputError("exists", "Choose another --out, or replace it with --overwrite.", path=out)


def _refuse_input(out: Path, inputs: list[Path]) -> None:
    from cellseg.files import place_to_write, real_place

    if place_to_write(out) in map(real_place, inputs):
        raise InputError("is an input and would be replaced", "Choose another --out.", path=out)

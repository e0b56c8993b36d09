"""cellseg convert: labels in the formats of other programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cellseg.cli.flags import Flat, JsonFlag
from cellseg.cli.label_notes import say_notes
from cellseg.cli.progress import console, say
from cellseg.errors import InputError
from cellseg.options import LabelOptions


def convert(
    labels: Path,
    *,
    out: Path,
    like: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    reading: Annotated[LabelOptions, Flat] = LabelOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Convert labels into the format that the name of --out says; cells keep their numbers, and holes stay.

    .zip is a ROI set of Fiji, .geojson opens in QuPath, .json is COCO (run lengths), .png has 16 bits, .tif, .zarr.

    Parameters
    ----------
    labels
        Labels in any format that is read: TIFF, OME-Zarr, PNG, ROI set, GeoJSON, COCO, LabelMe, HDF5, .npz, or a folder
        with one mask for each cell; for COCO also a folder of labels.
    out
        The file to write.
    like
        The image that belongs to the labels: outlines do not say how large it is, and labels may lack the pixel size.
    overwrite
        Replace a file that is there.
    """
    from cellseg.conversion.labels import plan_conversion

    _refuse_there(out, [path for path in (labels, like) if path is not None], overwrite)
    plan = plan_conversion(labels, out, like=like, reading=reading)
    say_notes(plan.labels)
    with console().status("converting"):
        cells = plan.write()
    if as_json:
        sys.stdout.write(json.dumps({"cells": cells, "images": len(plan.plans), "out": str(out)}) + "\n")
    say(f"wrote {out}: {cells} cells")
    return 0


def _refuse_there(out: Path, inputs: list[Path], overwrite: bool) -> None:
    if out.resolve() in {path.resolve() for path in inputs}:
        raise InputError("is an input and would be replaced", "Choose another --out.", path=out)
    if out.exists() and not overwrite:
        raise InputError("exists", "Choose another --out, or replace it with --overwrite.", path=out)

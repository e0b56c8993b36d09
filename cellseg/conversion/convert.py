"""Labels converted in one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from cellseg.arrays import Labels
from cellseg.conversion.folder import plan_folder
from cellseg.conversion.labels import plan_conversion
from cellseg.errors import InputError
from cellseg.labels.arrays_or_paths import is_array
from cellseg.options import LabelFileType, LabelOptions


def convert(
    labels: str | Path | Labels,
    out: str | Path,
    *,
    like: str | Path | None = None,
    axes: str | None = None,
    to: LabelFileType | None = None,
    **options: Any,
) -> int:
    """Convert labels into the format that the name of a file says, or those of a folder into another folder.

    Args:
        labels: a file or folder of labels in any format that is read, or an array (H, W), (Z, H, W) or as `axes` say.
        out: the file to write: .zip (ROI set of Fiji), .geojson (QuPath), .json (COCO), .png (16 bits), .tif, .zarr;
            with `to` a folder.
        like: the image, for outlines that do not say how large it is, and for its pixel size; of a folder the images.
        axes: of an array, such as TZYX.
        to: the format of the files in a folder: the same words without the dot.
        options: fields of LabelOptions: labels_are, foreground, ignore_label, background_label.

    Returns:
        The number of cells.

    Raises:
        InputError: as `plan_conversion` and `plan_folder`, or what is written does not fit or is there already.
    """
    reading = LabelOptions(**options)
    if axes and not is_array(labels):
        raise InputError("axes are named, and labels in files say their own", "Leave axes out.")
    if to is None:
        return plan_conversion(labels, out, like=like, axes=axes, reading=reading).write()
    return sum(plan_folder(cast("str | Path", labels), out, to=to, like=like, reading=reading).write())

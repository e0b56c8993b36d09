"""Labels converted from any format that is read into any that is written, by the name of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellseg.arrays import Labels
from cellseg.conversion.coco import write_coco
from cellseg.conversion.geojson import write_geojson
from cellseg.conversion.pictures import write_png
from cellseg.conversion.stacks import write_labels, write_roi_set
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource, array_source
from cellseg.labels.arrays_or_paths import is_array
from cellseg.labels.layouts import label_entries
from cellseg.labels.opened import open_labels
from cellseg.measure.files import MeasurePlan, plan_of
from cellseg.options import LabelOptions

Writer = Callable[[Path, Sequence[MeasurePlan]], int]
"""Writes the labels of some images into one file; gives the number of cells."""

WRITERS: dict[str, Writer] = {
    ".zip": write_roi_set,
    ".geojson": write_geojson,
    ".json": write_coco,
    ".png": write_png,
    ".tif": write_labels,
    ".tiff": write_labels,
    ".zarr": write_labels,
}
"""Formats by the ending of the file: ROI set of Fiji, GeoJSON of QuPath, COCO, PNG, TIFF, OME-Zarr."""
OF_SEVERAL = (".json",)
"""Formats that hold the labels of several images."""


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """Labels that are open, and how they are written."""

    plans: tuple[MeasurePlan, ...]
    """Of each image its labels; cells are numbered, or connected regions of a mask or of classes."""
    out: Path
    writer: Writer

    @property
    def labels(self) -> list[ImageSource]:
        """The label images."""
        return [plan.labels for plan in self.plans]

    def write(self) -> int:
        """Write the file in one piece; gives the number of cells.

        Raises:
            InputError: the labels do not fit into the format, or it cannot be written.
        """
        return self.writer(self.out, self.plans)


def plan_conversion(
    labels: str | Path | Labels,
    out: str | Path,
    *,
    like: str | Path | None = None,
    reading: LabelOptions = LabelOptions(),
) -> Conversion:
    """Open the labels and choose the format.

    Args:
        labels: a file or folder of labels in any format that is read; of several images for COCO alone. Or an array
            (H, W) or (Z, H, W).
        out: the file to write, whose ending says the format.
        like: the image, for outlines that do not say how large it is, and for its pixel size.
        reading: how the labels are read.

    Raises:
        InputError: labels that are not there or cannot be read, or an ending that is not known.
    """
    out = Path(out)
    writer = WRITERS.get(out.suffix.lower())
    if writer is None:
        raise InputError(f"ends in {out.suffix or 'nothing'}", f"Known endings are {', '.join(WRITERS)}.", path=out)
    image = None if like is None else open_image(like)
    sources = _sources(labels, image, several=out.suffix.lower() in OF_SEVERAL)
    plans = tuple(plan_of(_with_size(source, image), reading=reading) for source in sources)
    return Conversion(plans, out, writer)


def convert(labels: str | Path | Labels, out: str | Path, *, like: str | Path | None = None, **options: Any) -> int:
    """Convert labels into the format that the name of a file says.

    Args:
        labels: a file or folder of labels in any format that is read, or an array (H, W) or (Z, H, W).
        out: the file to write: .zip (ROI set of Fiji), .geojson (QuPath), .json (COCO), .png (16 bits), .tif, .zarr.
        like: the image, for outlines that do not say how large it is, and for its pixel size.
        options: fields of LabelOptions: labels_are, foreground, ignore_label, background_label.

    Returns:
        The number of cells.

    Raises:
        InputError: as `plan_conversion` and `Conversion.write`.
    """
    return plan_conversion(labels, out, like=like, reading=LabelOptions(**options)).write()


def _sources(labels: Any, image: ImageSource | None, *, several: bool) -> list[ImageSource]:
    if is_array(labels):
        return [array_source(labels, name="labels")]
    if not several:
        return [open_labels(labels, like=image)]
    return [entry.open(image) for entry in label_entries(labels, images=1)]


def _with_size(labels: ImageSource, image: ImageSource | None) -> ImageSource:
    """Labels with the image's pixel size, where they do not say their own. Raises InputError where sizes differ."""
    if image is None:
        return labels
    if (labels.planes, labels.height, labels.width) != (image.planes, image.height, image.width):
        sizes = [f"{one.planes} x {one.height} x {one.width}" for one in (labels, image)]
        found = f"the labels are {sizes[0]}, {image.name} is {sizes[1]}"
        raise InputError(found, "They must show the same pixels.", path=labels.path)
    return replace(
        labels,
        name=image.name,
        pixel_size_um=labels.pixel_size_um or image.pixel_size_um,
        spacing_um=labels.spacing_um or image.spacing_um,
    )

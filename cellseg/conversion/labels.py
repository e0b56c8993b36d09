"""Labels converted from any format that is read into any that is written, by the name of the file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Labels
from cellseg.conversion.coco import write_coco
from cellseg.conversion.geojson import write_geojson
from cellseg.conversion.pictures import write_png
from cellseg.conversion.stacks import write_labels, write_roi_set
from cellseg.errors import InputError
from cellseg.images.omezarr.folder import SUFFIX as ZARR
from cellseg.images.omezarr.write import stored_places
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource, array_source
from cellseg.images.write import layout_like
from cellseg.labels.arrays_or_paths import is_array
from cellseg.labels.cell_classes import CellClasses, classes_beside, refuse_table_of_another
from cellseg.labels.layouts import label_entries
from cellseg.labels.meaning import read_values
from cellseg.labels.opened import open_labels, with_size_of
from cellseg.labels.read import kind_of
from cellseg.measure.files import MeasurePlan, plan_of
from cellseg.options import LabelOptions

logger = logging.getLogger(__name__)

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
        """Write the file in one piece, and the classes of its cells beside it; gives the number of cells.

        Raises:
            InputError: the labels do not fit into the format, or it cannot be written.
        """
        return self.write_to(self.out)

    def write_to(self, out: Path) -> int:
        """The same for another place.

        Raises:
            InputError: a table of classes is there, which is that of another file.
        """
        refuse_table_of_another(self.out)
        classes = self.classes
        if classes is not None and out.suffix.lower() == ZARR:
            classes = classes.at_planes(stored_places(layout_like(self.plans[0].labels, np.dtype(np.uint16))))
        with classes_beside(out, classes):
            return self.writer(out, self.plans)

    @property
    def classes(self) -> CellClasses | None:
        """Classes of the cells; a file of several images has none."""
        return self.plans[0].classes if len(self.plans) == 1 else None


def plan_conversion(
    labels: str | Path | Labels,
    out: str | Path,
    *,
    like: str | Path | None = None,
    axes: str | None = None,
    reading: LabelOptions = LabelOptions(),
) -> Conversion:
    """Open the labels and choose the format.

    Args:
        labels: a file or folder of labels in any format that is read; of several images for COCO alone. Or an array
            (H, W), (Z, H, W) or as `axes` say.
        out: the file to write, whose ending says the format.
        like: the image, for outlines that do not say how large it is, and for its pixel size.
        axes: of an array, such as TZYX.
        reading: how the labels are read.

    Raises:
        InputError: labels that are not there or cannot be read, or an ending that is not known.
    """
    out = Path(out)
    writer = WRITERS.get(out.suffix.lower())
    if writer is None:
        remedy = f"Known endings are {', '.join(WRITERS)}; of a folder --to names the format of its files."
        raise InputError(f"ends in {out.suffix or 'nothing'}", remedy, path=out)
    image = None if like is None else open_image(like)
    sources = _sources(labels, image, axes, several=out.suffix.lower() in OF_SEVERAL)
    plans = checked_plans([with_size_of(image, source) for source in sources], reading)
    if len(plans) > 1 and any(plan.classes for plan in plans):
        logger.warning("%s: holds several images, and the classes of their cells are left out", out)
    return Conversion(plans, out, writer)


def checked_plans(sources: Sequence[ImageSource], reading: LabelOptions) -> tuple[MeasurePlan, ...]:
    """Plans for the labels of some images, whose values mean the same in all of them. Warns of areas that nobody
    annotated."""
    planes = [(source, plane) for source in sources for plane in range(source.planes)]
    kind = kind_of(planes, reading)
    _tell_unannotated(planes, reading)
    return tuple(plan_of(source, reading=reading, kind=kind) for source in sources)


def _tell_unannotated(planes: Sequence[tuple[ImageSource, int]], reading: LabelOptions) -> None:
    """Warn of pixels that nobody annotated: in what is written they are background."""
    if reading.ignore_label is None:
        return
    counts = [np.count_nonzero(read_values(*each) == reading.ignore_label) for each in planes]
    share = sum(counts) / sum(source.height * source.width for source, _ in planes)
    if share:
        found = "of the pixels are not annotated, and become background: no format that is written tells them apart"
        logger.warning("%s: %.3g%% %s", planes[0][0].name if len(planes) == 1 else "labels", 100 * share, found)


def _sources(labels: Any, image: ImageSource | None, axes: str | None, *, several: bool) -> list[ImageSource]:
    if is_array(labels):
        return [array_source(labels, axes=axes, name="labels")]
    if not several:
        return [open_labels(labels, like=image)]
    return [entry.open(image) for entry in label_entries(labels, images=1)]

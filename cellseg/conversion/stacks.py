"""Labels of a plane or stack as TIFF, OME-Zarr or a ROI set of Fiji."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cellseg.arrays import Labels
from cellseg.images.write import layout_like, write_tiled
from cellseg.labels.formats.rois import RoiStack, write_rois
from cellseg.measure.files import MeasurePlan


def write_labels(path: Path, plans: Sequence[MeasurePlan]) -> int:
    """Write cell numbers as TIFF or OME-Zarr: uint16, or uint32 where they do not fit."""
    (plan,) = plans
    cells, highest = count_of(plan)
    layout = layout_like(plan.labels, np.uint16 if highest < 2**16 else np.uint32)
    write_tiled(path, layout, (plane[tile].astype(layout.dtype) for plane in planes_of(plan) for tile in layout.tiles))
    return cells


def write_roi_set(path: Path, plans: Sequence[MeasurePlan]) -> int:
    """Write the outlines of all cells as a ROI set."""
    (plan,) = plans
    labels = plan.labels
    stack = RoiStack((labels.height, labels.width), labels.plane_shape, name=labels.name)
    return write_rois(path, enumerate(planes_of(plan)), stack)


def planes_of(plan: MeasurePlan) -> Iterator[Labels]:
    """Cell numbers (H, W) of each plane."""
    yield from map(plan.numbers, range(plan.labels.planes))


def count_of(plan: MeasurePlan) -> tuple[int, int]:
    """The number of cells, added up over planes, and the highest number."""
    numbers = [np.unique(plane) for plane in planes_of(plan)]
    return sum(int(np.count_nonzero(found)) for found in numbers), max(int(found.max(initial=0)) for found in numbers)

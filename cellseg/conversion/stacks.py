"""Labels of a plane or stack as TIFF, OME-Zarr or a ROI set of Fiji."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cellseg.conversion.numbers import count_of, planes_of
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
    stack = RoiStack((labels.height, labels.width), labels.plane_shape, name=labels.name, plane_axes=labels.plane_axes)
    return write_rois(path, enumerate(planes_of(plan)), stack)

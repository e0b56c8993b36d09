"""ROI sets of Fiji into and out of a layer; how they are read and written stands in cellseg.labels.formats.rois."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import cellseg
from napari_cellseg.annotation import Rest, from_file, shift_of, to_file
from napari_cellseg.exchange.target import Incoming, Target


def read_rois(path: Path, target: Target, rest: Rest) -> Incoming:
    """Planes with regions.

    Args:
        path: `.zip` or `.roi`. Regions without a number, or with one that another region of the plane has, number all
            regions anew; of regions that overlap the smallest counts. Regions without a position go to the plane on
            the screen.
        target: the layer.
        rest: what pixels outside become, in planes with regions.

    Raises:
        InputError: it cannot be read, no region is an area, or some lie outside the layer.
    """
    first = _highest(target) + 1 if rest == "kept" else 1
    planes = [*cellseg.read_rois(path, _stack(target), first)]
    lowest = min((int(labels[labels > 0].min()) for _, labels in planes if labels.any()), default=0)
    shift = shift_of(lowest, target.annotation)
    for plane, labels in planes:
        yield plane, from_file(labels.astype(np.int64), target.annotation, rest, target.read(plane), shift)


def write_rois(path: Path, target: Target) -> str:
    """Write the cells of all planes as a set of regions; not annotated pixels are outside, like background.

    Returns:
        What is to be said of it.

    Raises:
        InputError: the planes are too large for the format, or there is no cell.
    """
    planes = ((plane, to_file(target.read(plane), target.annotation)[0]) for plane in range(target.planes))
    count = cellseg.write_rois(path, planes, _stack(target))
    return f"wrote {path}, {count} cells"


def _stack(target: Target) -> cellseg.RoiStack:
    return cellseg.RoiStack(target.shape, target.plane_shape, target.plane, target.name, target.axes)


def _highest(target: Target) -> int:
    return max(int(target.read(plane).max(initial=0)) for plane in range(target.planes))

"""Label TIFFs, and whatever else cellseg reads labels from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import cellseg
from napari_cellseg.annotation import Rest, from_file, shift_of, to_file
from napari_cellseg.exchange.target import Incoming, Target

MASK = {1, 255}
"""What a mask has where its cells are."""


def read_labels(path: Path, target: Target, rest: Rest) -> Incoming:
    """Planes of a label file.

    Args:
        path: a TIFF or OME-Zarr with the planes of the target; a single one goes to the plane on the screen. The
            largest value of its type means "not annotated", as `write_labels` writes it. The pieces of a mask become
            cells of their own.
        target: the layer.
        rest: what pixels become that are no cell.

    Raises:
        InputError: it cannot be read, holds no labels, or has another size.
    """
    source = cellseg.open_image(path, palette="index")
    if (source.height, source.width) != target.shape or source.planes not in (1, target.planes):
        sizes = f"is {source.planes} x {source.height} x {source.width}, {target.name} is {target.says()}"
        raise cellseg.InputError(sizes, "Planes, height and width must be equal, or planes 1.", path=path)
    unknown = int(np.iinfo(source.dtype).max) if source.dtype.kind in "iu" and source.dtype.itemsize > 1 else None

    def numbers(plane: int) -> NDArray[np.int64]:
        found = cellseg.label_values(source, plane, ignore_label=unknown)
        return found if unknown is None else np.where(found == unknown, -1, found)

    seen: set[int] = set()
    for plane in range(source.planes):
        seen.update(np.unique(numbers(plane)).tolist())
    cells = {value for value in seen if value > 0}
    mask = len(cells) == 1 and cells <= MASK and any(_pieces(numbers(k)) > 1 for k in range(source.planes))
    shift = shift_of(1 if mask else min(cells, default=0), target.annotation)
    for plane in range(source.planes):
        at = target.plane if source.planes == 1 else plane
        found: NDArray[Any] = ndimage.label(numbers(plane) > 0)[0] if mask else numbers(plane)
        yield at, from_file(found, target.annotation, rest, target.read(at), shift)


def write_labels(path: Path, target: Target, *, mark_unknown: bool) -> str:
    """Write the cells of all planes, 0 where there is none.

    Args:
        path: the TIFF, or OME-Zarr by its name.
        target: the layer.
        mark_unknown: what nobody annotated gets the largest value of the type, for `--ignore-label`; else 0.

    Returns:
        What is to be said of it.
    """
    planes = [to_file(target.read(plane), target.annotation) for plane in range(target.planes)]
    marked = mark_unknown and any(unknown.any() for _, unknown in planes)
    highest = max(int(cells.max(initial=0)) for cells, _ in planes)
    dtype: Any = np.uint16 if highest < np.iinfo(np.uint16).max else np.uint32
    none = dtype(np.iinfo(dtype).max if marked else 0)
    stack = np.stack([np.where(unknown, none, cells.astype(dtype)) for cells, unknown in planes])
    axes = target.axes if len(target.axes) == len(target.plane_shape) else ("TZ"[2 - len(target.plane_shape) :])
    if len(axes) != len(target.plane_shape):
        raise cellseg.InputError(f"{target.name} has {stack.ndim} axes", "Four at most can be written.", path=path)
    cellseg.write_stack(path, stack.reshape(*target.plane_shape, *target.shape), f"{axes}YX")
    return f"wrote {path}" + (f"; not annotated is {none}: say --ignore-label {none}" if marked else "")


def _pieces(numbers: NDArray[Any]) -> int:
    return int(ndimage.label(numbers > 0)[1])

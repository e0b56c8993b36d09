"""Label TIFFs, and whatever else cellseg reads labels from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import cellseg
from napari_cellseg.annotation import Rest, from_file, shift_of
from napari_cellseg.exchange.target import Incoming, Target

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource

OUTLINES = (".zip", ".roi", ".geojson", ".json")
"""Endings of files in which each outline is a cell, also if it is the only one and lies in pieces."""
OTHERS = (".geojson", ".json", ".png")
"""Endings of the files of other programs that are written."""
MASK = {1, 255}
"""What a mask has where its cells are."""


def read_labels(path: Path, target: Target, rest: Rest) -> Incoming:
    """Planes of a label file.

    Args:
        path: labels of any format that cellseg reads, with the planes of the target; a single one goes to the plane on
            the screen. The largest value of a file's type means "not annotated", as `write_labels` writes it. The
            pieces of a mask become cells of their own.
        target: the layer.
        rest: what pixels become that are no cell.

    Raises:
        InputError: it cannot be read, holds no labels, or has another size.
    """
    source = cellseg.open_labels(path, like=_empty(target)).counted_along(target.axes)
    _check_size(source, target, path)
    cells = _cells_in(source)
    mask = path.suffix.lower() not in OUTLINES and _is_mask(source, cells)
    shift = shift_of(1 if mask else min(cells, default=0), target.annotation)
    for plane in range(source.planes):
        at = target.plane if source.planes == 1 else plane
        numbers = _numbers(source, plane)
        found: NDArray[Any] = ndimage.label(numbers > 0)[0] if mask else numbers
        yield at, from_file(found, target.annotation, rest, target.read(at), shift)


def _empty(target: Target) -> ImageSource:
    """An image of the size of a layer, with its axes where they are known."""
    named = len(target.axes) == len(target.plane_shape)
    planes = target.plane_shape if named else (target.planes,)
    axes = f"{target.axes if named else 'Z'}YX"
    return cellseg.array_source(np.broadcast_to(np.uint8(0), (*planes, *target.shape)), axes=axes, name=target.name)


def _check_size(source: ImageSource, target: Target, path: Path) -> None:
    fits = source.planes == 1 or source.has_planes_of(_empty(target))
    if (source.height, source.width) != target.shape or not fits:
        sizes = f"is {source.planes} x {source.height} x {source.width}, {target.name} is {target.says()}"
        raise cellseg.InputError(sizes, "Planes, height and width must be equal, or planes 1.", path=path)


def _numbers(source: ImageSource, plane: int) -> NDArray[np.int64]:
    """Numbers (H, W) of a plane's cells; -1 where nobody annotated: the largest value of types of several bytes."""
    if source.dtype.kind not in "iu" or source.dtype.itemsize == 1:
        return cellseg.label_values(source, plane)
    unknown = int(np.iinfo(source.dtype).max)
    found = cellseg.label_values(source, plane, ignore_label=unknown)
    return np.where(found == unknown, -1, found)


def _cells_in(source: ImageSource) -> set[int]:
    """Numbers of the cells of all planes."""
    seen = set[int]().union(*(np.unique(_numbers(source, plane)).tolist() for plane in range(source.planes)))
    return {value for value in seen if value > 0}


def _is_mask(source: ImageSource, cells: set[int]) -> bool:
    """True if labels are a mask of several cells."""
    if len(cells) != 1 or not cells <= MASK:
        return False
    return any(_pieces(_numbers(source, plane)) > 1 for plane in range(source.planes))


def write_labels(path: Path, target: Target, *, mark_unknown: bool) -> str:
    """Write the cells of all planes, 0 where there is none.

    Args:
        path: the TIFF, or by its name OME-Zarr, GeoJSON, COCO or PNG.
        target: the layer.
        mark_unknown: what nobody annotated gets the largest value of the type, for `--ignore-label`; else 0. GeoJSON,
            COCO and PNG hold cells alone.

    Returns:
        What is to be said of it.
    """
    cells, unknown = map(np.stack, zip(*target.cells(), strict=True))
    shape, axes = (*target.plane_shape, *target.shape), f"{_plane_axes(target, path)}YX"
    if path.suffix.lower() in OTHERS:
        count = cellseg.convert(cells.reshape(shape), path, axes=axes, labels_are="instances")
        return f"wrote {path}: {count} cells"
    dtype = _type_for(int(cells.max(initial=0)))
    marked = mark_unknown and unknown.any()
    none = dtype(np.iinfo(dtype).max if marked else 0)
    stack = np.where(unknown, none, cells.astype(dtype))
    cellseg.write_stack(path, stack.reshape(shape), axes)
    return f"wrote {path}" + (f"; not annotated is {none}: say --ignore-label {none}" if marked else "")


def _type_for(highest: int) -> Any:
    """The smallest type that holds a number and one more, for what nobody annotated."""
    return np.uint16 if highest < np.iinfo(np.uint16).max else np.uint32


def _plane_axes(target: Target, path: Path) -> str:
    """Axes that count planes: those that are known, else T and Z."""
    count = len(target.plane_shape)
    if count > 2 and len(target.axes) != count:
        raise cellseg.InputError(f"{target.name} has {count + 2} axes", "Four at most can be written.", path=path)
    return target.axes if len(target.axes) == count else "TZ"[2 - count :]


def _pieces(numbers: NDArray[Any]) -> int:
    return int(ndimage.label(numbers > 0)[1])

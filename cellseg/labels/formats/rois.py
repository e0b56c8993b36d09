"""ImageJ's regions of interest: a `.roi` file, or a set of them in a `.zip`, as Fiji's ROI manager saves them.

A region's name ends in the number of its cell. Cells in one piece are traced polygons, those with holes or several
pieces composite regions. Position: the slice of a stack, from 1; frame and slice where a stack has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float64, Labels, Shape, UInt32
from cellseg.errors import InputError, reading
from cellseg.extras import wanted
from cellseg.files import complete_file
from cellseg.images.plane_places import frame_and_slice, plane_at
from cellseg.images.source import ImageSource
from cellseg.labels.formats.drawn import draw
from cellseg.labels.formats.drawn_outlines import (
    CellOutline,
    OutlinesOfCells,
    numbered,
    outline_source,
    shape_of,
)
from cellseg.labels.formats.outline import outlines
from cellseg.unpacked import refuse_unpacked

if TYPE_CHECKING:
    from roifile import ImagejRoi

AREAS = {"POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL"}
NOT_AREAS = {"TEXT", "ARROW", "IMAGE"}
MOST_BYTES = 2**28
"""Bytes of all regions of a file, unpacked: outlines of some 10 million corners."""
LARGEST = 60535
"""ImageJ takes larger whole numbers for negative ones."""
LARGEST_NUMBER = 2**32 - 1
"""Number of a cell."""
MOVE, LINE, CLOSE = 0.0, 1.0, 4.0
"""Commands of a composite region's path."""


@dataclass(frozen=True, slots=True)
class RoiStack:
    """Image that regions belong to: its size and its planes."""

    shape: Shape
    plane_shape: tuple[int, ...] = ()
    """Lengths of the axes that count planes."""
    plane: int = 0
    """The one of regions without a position."""
    name: str = "the image"
    plane_axes: str = ""
    """Axes that count planes, such as TZ; of two that are not named the first counts frames."""

    @property
    def planes(self) -> int:
        """Number of planes."""
        return int(np.prod(self.plane_shape, dtype=int))


def open_rois(path: Path, like: ImageSource | None) -> ImageSource:
    """The labels in a set of regions, drawn on an image of the size of `like`; see `outlines_in`."""
    image = shape_of(like, path)
    stack = RoiStack((image.height, image.width), image.plane_shape, name=image.name, plane_axes=image.plane_axes)
    return outline_source(outlines_in(path, stack), image, path.name)


def read_rois(path: Path, stack: RoiStack, first: int = 1) -> Iterator[tuple[int, UInt32]]:
    """Planes with regions, each with its labels (H, W); see `outlines_in`."""
    found = outlines_in(path, stack, first)
    found.refuse_outside()
    for plane in found.planes:
        yield plane, draw(found.cells(plane), stack.shape)[0]


def outlines_in(path: Path, stack: RoiStack, first: int = 1) -> OutlinesOfCells:
    """The regions of a file that are areas.

    Args:
        path: `.zip` or `.roi`. Regions without a number, or with one that another region of the plane has, number all
            regions anew.
        stack: the image.
        first: the number of the first region, where they are numbered anew.

    Raises:
        InputError: it cannot be read, no region is an area, or one is of a plane that is not there.
    """
    with wanted("labels", "ROIs of Fiji"):
        import roifile  # noqa: F401
    every = _read(path)
    rois = list(filter(_is_area, every))
    if not rois:
        raise InputError("holds no region that is an area", "Points and lines are no cells.", path=path)
    left = len(every) - len(rois)
    notes = (f"{path.name}: {left} regions are points, lines or texts and left out",) if left else ()
    cells = [_outline(roi, stack, path) for roi in rois]
    return OutlinesOfCells(numbered(cells, first), path, stack.shape, notes)


def write_rois(path: Path, planes: Iterable[tuple[int, Labels]], stack: RoiStack) -> int:
    """Write the cells of all planes as a set of regions.

    Args:
        path: the `.zip` to write.
        planes: number and labels (H, W) of each plane, 0 = no cell.
        stack: the image they are of.

    Returns:
        The number of cells.

    Raises:
        InputError: the planes are too large for the format, or there is no cell.
    """
    with wanted("labels", "ROIs of Fiji"):
        import roifile  # noqa: F401
    if max(stack.shape) > LARGEST:
        found = f"{stack.name} is {stack.shape[0]} x {stack.shape[1]}"
        raise InputError(found, f"ROI files end at {LARGEST}; export TIFF labels.", path=path)
    with complete_file(path) as part, ZipFile(part, "w", ZIP_DEFLATED) as file:
        count = sum(_write_plane(file, plane, labels, stack) for plane, labels in planes)
        if not count:
            raise InputError(f"{stack.name} has no cell", "Annotate some first.")
    return count


def _write_plane(file: ZipFile, plane: int, labels: Labels, stack: RoiStack) -> int:
    """Write the cells of a plane; returns how many there are."""
    count = 0
    for cell, paths in outlines(labels):
        roi = _roi(paths, cell, plane, stack)
        file.writestr(f"{roi.name}.roi", roi.tobytes())
        count += 1
    return count


def _is_area(roi: ImagejRoi) -> bool:
    return roi.roitype.name in AREAS and roi.subtype.name not in NOT_AREAS


def _read(path: Path) -> list[ImagejRoi]:
    from roifile import ImagejRoi

    with reading(path, "is no ROI set", "Save it in Fiji's ROI manager."):
        return [ImagejRoi.frombytes(text) for text in _roi_files(path)]


def _roi_files(path: Path) -> list[bytes]:
    """Contents of a `.roi` file, or of those in a `.zip`."""
    if path.suffix.lower() != ".zip":
        with open(path, "rb") as file:
            return [file.read(MOST_BYTES)]
    with ZipFile(path) as archive:
        entries = [one for one in archive.infolist() if one.filename.lower().endswith(".roi")]
        refuse_unpacked(entries, MOST_BYTES, "Save it in Fiji's ROI manager.", path)
        return [archive.read(one) for one in entries]


def _outline(roi: ImagejRoi, stack: RoiStack, path: Path) -> CellOutline:
    oval = roi.roitype.name == "OVAL" and not roi.composite
    return CellOutline(number_in(roi.name), _plane(roi, stack, path), _paths(roi, path), oval, roi.name)


def number_in(name: str) -> int:
    """Number that a region's name ends in; 0 where it has none, a larger one, or one of Fiji's own names: slice-y-x."""
    found = re.fullmatch(r"(?!\d{4}-\d{4})(?:.*\D)?(\d{1,10})", name)
    number = int(found[1]) if found else 0
    return number if number <= LARGEST_NUMBER else 0


def _plane(roi: ImagejRoi, stack: RoiStack, path: Path) -> int:
    """The plane that a region is of, in C order."""
    both = len(stack.plane_shape) == 2 and (roi.t_position or roi.z_position)
    frame, slice_ = max(roi.t_position, 1) - 1, max(roi.z_position, 1) - 1
    plane = plane_at(stack.plane_axes, stack.plane_shape, frame, slice_) if both else _plane_by_position(roi, stack)
    if plane >= stack.planes:
        found = f"the region {roi.name!r} is of a plane that {stack.name} has not ({stack.planes} planes)"
        raise InputError(found, "Choose the regions of the same image.", path=path)
    return plane


def _plane_by_position(roi: ImagejRoi, stack: RoiStack) -> int:
    """Plane that is counted through; the one on the screen where the region has no position.

    ImageJ says 1 of the axis that an image with several channels has not, so the other number counts.
    """
    both = (roi.t_position, roi.z_position) if stack.plane_axes == "T" else (roi.z_position, roi.t_position)
    given = roi.position or next((number for number in both if number > 1), max(both))
    return int(given) - 1 if given and stack.planes > 1 else stack.plane


def _paths(roi: ImagejRoi, path: Path) -> tuple[Float64, ...]:
    """Closed paths (n, 2) of a region, x and y; of an oval its bounding box."""
    if roi.roitype.name in ("RECT", "OVAL") and not roi.composite:
        return (_rectangle(roi),)
    paths = _drawn_paths(roi, path)
    if not paths:
        raise InputError(f"the region {roi.name!r} is empty", "Delete it in Fiji.", path=path)
    return tuple(paths)


def _drawn_paths(roi: ImagejRoi, path: Path) -> list[Float64]:
    found = f"the region {roi.name!r} cannot be read"
    with reading(path, found, "In Fiji, make it a polygon (Edit > Selection)."):
        return [np.asarray(part, np.float64) for part in roi.coordinates(multi=True) if len(part)]


def _rectangle(roi: ImagejRoi) -> Float64:
    """Corners (4, 2) of a rectangle, or of an oval's bounding box."""
    x, y, width, height = map(float, (roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top))
    if roi.subpixelrect:
        x, y, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def _roi(paths: Sequence[NDArray[np.int32]], cell: int, plane: int, stack: RoiStack) -> ImagejRoi:
    from roifile import ROI_TYPE, ImagejRoi

    corners = np.concatenate(paths)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    name = f"cell {cell}" if stack.planes == 1 else f"plane {plane + 1} cell {cell}"
    roi = ImagejRoi(name=name, left=int(left), top=int(top), right=int(right), bottom=int(bottom))
    _set_position(roi, plane, stack)
    if len(paths) == 1:
        roi.roitype, roi.n_coordinates = ROI_TYPE.TRACED, len(corners)
        roi.integer_coordinates = corners - (roi.left, roi.top)
    else:
        roi.roitype = ROI_TYPE.RECT
        roi.multi_coordinates = np.fromiter(chain.from_iterable(map(_commands, paths)), np.float32)
        roi.shape_roi_size = roi.multi_coordinates.size
    return roi


def _set_position(roi: ImagejRoi, plane: int, stack: RoiStack) -> None:
    if len(stack.plane_shape) == 2:
        frame, slice_ = frame_and_slice(stack.plane_axes, stack.plane_shape, plane)
        roi.t_position, roi.z_position = frame + 1, slice_ + 1
        roi.c_position = 1
    elif stack.planes > 1:
        roi.position = plane + 1


def _commands(path: NDArray[Any]) -> Iterator[float]:
    for k, (x, y) in enumerate(path.tolist()):
        yield from (LINE if k else MOVE, x, y)
    yield CLOSE

"""ImageJ's regions of interest: a `.roi` file, or a set of them in a `.zip`, as Fiji's ROI manager saves them.

A region's name ends in the number of its cell. Cells in one piece are traced polygons, those with holes or several
pieces composite regions. Position: the slice of a stack, from 1; frame and slice where a stack has both.
"""

from __future__ import annotations

import re
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray
from roifile import ROI_SUBTYPE, ROI_TYPE, ImagejRoi
from scipy.ndimage import find_objects

import cellseg
from napari_cellseg.annotation import Rest, from_file, shift_of, to_file
from napari_cellseg.exchange.outline import ellipse, fill, trace
from napari_cellseg.exchange.target import Incoming, Target

AREAS = {ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED, ROI_TYPE.RECT, ROI_TYPE.OVAL}
NOT_AREAS = {ROI_SUBTYPE.TEXT, ROI_SUBTYPE.ARROW, ROI_SUBTYPE.IMAGE}
LARGEST = 60535
"""ImageJ takes larger whole numbers for negative ones."""
MOVE, LINE, CLOSE = 0.0, 1.0, 4.0
"""Commands of a composite region's path."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A region that was read."""

    cell: int
    plane: int
    roi: ImagejRoi


def read_rois(path: Path, target: Target, rest: Rest) -> Incoming:
    """Planes with regions.

    Args:
        path: `.zip` or `.roi`. Regions without a number, or with one that another region of the plane has, number all
            regions anew; of regions that overlap the later one counts. Regions without a position go to the plane on
            the screen.
        target: the layer.
        rest: what pixels outside become, in planes with regions.

    Raises:
        InputError: it cannot be read, no region is an area, or some lie outside the layer.
    """
    rois = [roi for roi in _read(path) if roi.roitype in AREAS and roi.subtype not in NOT_AREAS]
    if not rois:
        raise cellseg.InputError("holds no region that is an area", "Points and lines are no cells.", path=path)
    by_plane: dict[int, list[Drawn]] = defaultdict(list)
    for drawn in _numbered(rois, target, rest, path):
        by_plane[drawn.plane].append(drawn)
    shift = shift_of(min(drawn.cell for plane in by_plane.values() for drawn in plane), target.annotation)
    for plane, regions in sorted(by_plane.items()):
        numbers = np.zeros(target.shape, np.int64)
        for drawn in regions:
            _draw(numbers, drawn, path)
        yield plane, from_file(numbers, target.annotation, rest, target.read(plane), shift)


def write_rois(path: Path, target: Target) -> str:
    """Write the cells of all planes as a set of regions; not annotated pixels are outside, like background.

    Returns:
        What is to be said of it.

    Raises:
        InputError: the planes are too large for the format, or there is no cell.
    """
    if max(target.shape) > LARGEST:
        found = f"{target.name} is {target.shape[0]} x {target.shape[1]}"
        raise cellseg.InputError(found, f"ROI files end at {LARGEST}; export TIFF labels.", path=path)
    count = 0
    with cellseg.complete_file(path) as part, ZipFile(part, "w", ZIP_DEFLATED) as file:
        for plane in range(target.planes):
            for cell, outline in _outlines(to_file(target.read(plane), target.annotation)[0]):
                roi = _roi(outline, cell, plane, target)
                file.writestr(f"{roi.name}.roi", roi.tobytes())
                count += 1
        if not count:
            raise cellseg.InputError(f"{target.name} has no cell", "Annotate some first.")
    return f"wrote {path}, {count} cells"


def _read(path: Path) -> list[ImagejRoi]:
    try:
        if path.suffix.lower() != ".zip":
            return [ImagejRoi.frombytes(path.read_bytes())]
        with ZipFile(path) as file:
            names = [name for name in file.namelist() if name.lower().endswith(".roi")]
            return [ImagejRoi.frombytes(file.read(name)) for name in names]
    except (OSError, BadZipFile, ValueError, struct.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise cellseg.InputError(f"is no ROI set ({reason})", "Save it in Fiji's ROI manager.", path=path) from error


def _numbered(rois: Sequence[ImagejRoi], target: Target, rest: Rest, path: Path) -> list[Drawn]:
    planes = [_plane(roi, target, path) for roi in rois]
    names = [re.fullmatch(r"(?!\d{4}-\d{4}).*?(\d{1,9})", roi.name) for roi in rois]  # but Fiji's own: slice-y-x
    cells = [int(name[1]) if name else 0 for name in names]
    most = Counter(zip(planes, cells, strict=True)).most_common(1)[0][1]
    if most > 1 or not all(cells):
        first = 1
        if rest == "kept":
            first += max(int(target.read(plane).max(initial=0)) for plane in range(target.planes))
        cells = list(range(first, first + len(rois)))
    return [Drawn(cell, plane, roi) for cell, plane, roi in zip(cells, planes, rois, strict=True)]


def _plane(roi: ImagejRoi, target: Target, path: Path) -> int:
    """The plane that a region is of, in C order."""
    if len(target.plane_shape) == 2 and (roi.t_position or roi.z_position):
        at = max(roi.t_position, 1) - 1, max(roi.z_position, 1) - 1
        inside = all(k < length for k, length in zip(at, target.plane_shape, strict=True))
        plane = at[0] * target.plane_shape[1] + at[1] if inside else target.planes
    else:
        given = roi.position or roi.t_position or roi.z_position
        plane = given - 1 if given and target.planes > 1 else target.plane
    if plane >= target.planes:
        found = f"the region {roi.name!r} is of a plane that {target.name} has not ({target.planes} planes)"
        raise cellseg.InputError(found, "Choose the regions of the same image.", path=path)
    return plane


def _draw(numbers: NDArray[np.int64], drawn: Drawn, path: Path) -> None:
    """Put the number of a region's cell where it is."""
    roi, (height, width) = drawn.roi, numbers.shape
    paths = _paths(roi, path)
    corners = np.concatenate(paths)
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        found = f"the region {roi.name!r} lies outside of {height} x {width} pixels"
        raise cellseg.InputError(found, "Choose the regions of the same image.", path=path)
    y, x = max(top, 0), max(left, 0)
    part = numbers[y : min(bottom, height), x : min(right, width)]
    moved = [corner - (x, y) for corner in paths]
    if roi.roitype == ROI_TYPE.OVAL:
        (x0, y0), (x1, y1) = moved[0].min(axis=0), moved[0].max(axis=0)
        inside = ellipse(x0, y0, x1 - x0, y1 - y0, (part.shape[0], part.shape[1]))
    else:
        inside = fill(moved, (part.shape[0], part.shape[1]))
    part[inside] = drawn.cell


def _paths(roi: ImagejRoi, path: Path) -> list[NDArray[np.float64]]:
    """Closed paths (n, 2) of a region, x and y; of an oval its bounding box."""
    if roi.roitype in (ROI_TYPE.RECT, ROI_TYPE.OVAL) and not roi.composite:
        x, y, width, height = map(float, (roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top))
        if roi.subpixelrect:
            x, y, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
        return [np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])]
    try:
        paths = [np.asarray(part, np.float64) for part in roi.coordinates(multi=True) if len(part)]
    except (NotImplementedError, RuntimeError, IndexError) as error:
        found = f"the region {roi.name!r} cannot be read ({error})"
        raise cellseg.InputError(found, "In Fiji, make it a polygon (Edit > Selection).", path=path) from error
    if not paths:
        raise cellseg.InputError(f"the region {roi.name!r} is empty", "Delete it in Fiji.", path=path)
    return paths


def _outlines(numbers: NDArray[np.uint32]) -> Iterator[tuple[int, list[NDArray[np.int32]]]]:
    """Number and paths of each cell (H, W), in the order of the numbers."""
    known = np.unique(numbers[numbers > 0])
    places = find_objects(np.searchsorted(known, numbers, side="right"))  # by rank: gaps would make empty places
    for cell, place in zip(known.tolist(), places, strict=True):
        mask = numbers[place] == cell
        yield cell, [path + np.array((place[1].start, place[0].start), np.int32) for path in trace(mask)]


def _roi(outline: list[NDArray[np.int32]], cell: int, plane: int, target: Target) -> ImagejRoi:
    corners = np.concatenate(outline)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    name = f"cell {cell}" if target.planes == 1 else f"plane {plane + 1} cell {cell}"
    roi = ImagejRoi(name=name, left=int(left), top=int(top), right=int(right), bottom=int(bottom))
    if len(target.plane_shape) == 2:
        roi.t_position, roi.z_position = (k + 1 for k in target.index(plane))
        roi.c_position = 1
    elif target.planes > 1:
        roi.position = plane + 1
    if len(outline) == 1:
        roi.roitype, roi.n_coordinates = ROI_TYPE.TRACED, len(corners)
        roi.integer_coordinates = corners - (roi.left, roi.top)
    else:
        roi.roitype = ROI_TYPE.RECT
        roi.multi_coordinates = np.array([value for path in outline for value in _commands(path)], np.float32)
        roi.shape_roi_size = roi.multi_coordinates.size
    return roi


def _commands(path: NDArray[np.int32]) -> Iterator[float]:
    for k, (x, y) in enumerate(path.tolist()):
        yield from (LINE if k else MOVE, x, y)
    yield CLOSE

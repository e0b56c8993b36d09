"""ImageJ's regions of interest: a `.roi` file, or a set of them in a `.zip`, as Fiji's ROI manager saves them.

A region's name ends in the number of its cell. Cells in one piece are traced polygons, those with holes or several
pieces composite regions. Position: the slice of a stack, from 1; frame and slice where a stack has both.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
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

_AREAS = {ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED, ROI_TYPE.RECT, ROI_TYPE.OVAL}
NOT_AREAS = {ROI_SUBTYPE.TEXT, ROI_SUBTYPE.ARROW, ROI_SUBTYPE.IMAGE}
_LARGEST = 60535
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
    rois = list(filter(_is_area, _read(path)))
    if not rois:
        raise cellseg.InputError("holds no region that is an area", "Points and lines are no cells.", path=path)
    regions = _numbered(rois, target, rest, path)
    shift = shift_of(min(drawn.cell for drawn in regions), target.annotation)
    for plane, own in groupby(sorted(regions, key=_plane_of), _plane_of):
        numbers = np.zeros(target.shape, np.int64)
        for drawn in own:
            _draw(numbers, drawn, path)
        yield plane, from_file(numbers, target.annotation, rest, target.read(plane), shift)


def _is_area(roi: ImagejRoi) -> bool:
    return roi.roitype in _AREAS and roi.subtype not in NOT_AREAS


def _plane_of(drawn: Drawn) -> int:
    return drawn.plane


def write_rois(path: Path, target: Target) -> str:
    """Write the cells of all planes as a set of regions; not annotated pixels are outside, like background.

    Returns:
        What is to be said of it.

    Raises:
        InputError: the planes are too large for the format, or there is no cell.
    """
    if max(target.shape) > _LARGEST:
        found = f"{target.name} is {target.shape[0]} x {target.shape[1]}"
        raise cellseg.InputError(found, f"ROI files end at {_LARGEST}; export TIFF labels.", path=path)
    with cellseg.complete_file(path) as part, ZipFile(part, "w", ZIP_DEFLATED) as file:
        count = sum(_write_plane(file, plane, target) for plane in range(target.planes))
        if not count:
            raise cellseg.InputError(f"{target.name} has no cell", "Annotate some first.")
    return f"wrote {path}, {count} cells"


def _write_plane(file: ZipFile, plane: int, target: Target) -> int:
    """Write the cells of a plane; returns how many there are."""
    count = 0
    for cell, outline in _outlines(to_file(target.read(plane), target.annotation)[0]):
        roi = _roi(outline, cell, plane, target)
        file.writestr(f"{roi.name}.roi", roi.tobytes())
        count += 1
    return count


def _read(path: Path) -> list[ImagejRoi]:
    try:
        return [ImagejRoi.frombytes(text) for text in _roi_files(path)]
    except (OSError, BadZipFile, ValueError, struct.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise cellseg.InputError(f"is no ROI set ({reason})", "Save it in Fiji's ROI manager.", path=path) from error


def _roi_files(path: Path) -> list[bytes]:
    """Contents of a `.roi` file, or of those in a `.zip`."""
    if path.suffix.lower() != ".zip":
        return [path.read_bytes()]
    with ZipFile(path) as file:
        return [file.read(name) for name in file.namelist() if name.lower().endswith(".roi")]


def _numbered(rois: Sequence[ImagejRoi], target: Target, rest: Rest, path: Path) -> list[Drawn]:
    planes = [_plane(roi, target, path) for roi in rois]
    cells = [_number_in(roi.name) for roi in rois]
    if not _tell_apart(planes, cells):
        first = _highest(target) + 1 if rest == "kept" else 1
        cells = [*range(first, first + len(rois))]
    return list(map(Drawn, cells, planes, rois))


def _number_in(name: str) -> int:
    """Number that a region's name ends in; 0 where it has none, or one of Fiji's own names: slice-y-x."""
    found = re.fullmatch(r"(?!\d{4}-\d{4}).*?(\d{1,9})", name)
    return int(found[1]) if found else 0


def _tell_apart(planes: Sequence[int], cells: Sequence[int]) -> bool:
    """True if each region has a number that no other one of its plane has."""
    return all(cells) and len({*zip(planes, cells, strict=True)}) == len(cells)


def _highest(target: Target) -> int:
    return max(int(target.read(plane).max(initial=0)) for plane in range(target.planes))


def _plane(roi: ImagejRoi, target: Target, path: Path) -> int:
    """The plane that a region is of, in C order."""
    both = len(target.plane_shape) == 2 and (roi.t_position or roi.z_position)
    plane = _plane_by_frame_and_slice(roi, target) if both else _plane_by_position(roi, target)
    if plane >= target.planes:
        found = f"the region {roi.name!r} is of a plane that {target.name} has not ({target.planes} planes)"
        raise cellseg.InputError(found, "Choose the regions of the same image.", path=path)
    return plane


def _plane_by_frame_and_slice(roi: ImagejRoi, target: Target) -> int:
    """Plane of a stack over time; the number of planes where there is no such one."""
    frames, slices = target.plane_shape
    frame, slice_ = max(roi.t_position, 1) - 1, max(roi.z_position, 1) - 1
    return frame * slices + slice_ if frame < frames and slice_ < slices else target.planes


def _plane_by_position(roi: ImagejRoi, target: Target) -> int:
    """Plane that is counted through; the one on the screen where the region has no position."""
    given = roi.position or roi.t_position or roi.z_position
    return given - 1 if given and target.planes > 1 else target.plane


def _draw(numbers: NDArray[np.int64], drawn: Drawn, path: Path) -> None:
    """Put the number of a region's cell where it is."""
    roi, (height, width) = drawn.roi, numbers.shape
    paths = _paths(roi, path)
    corners = np.concatenate(paths)
    low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)
    if (low >= (width, height)).any() or (high <= 0).any():
        found = f"the region {roi.name!r} lies outside of {height} x {width} pixels"
        raise cellseg.InputError(found, "Choose the regions of the same image.", path=path)
    (x, y), (right, bottom) = np.maximum(low, 0), np.minimum(high, (width, height))
    part = numbers[y:bottom, x:right]
    part[_inside(roi, [corner - (x, y) for corner in paths], (part.shape[0], part.shape[1]))] = drawn.cell


def _inside(roi: ImagejRoi, paths: list[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels (h, w) of a region."""
    if roi.roitype != ROI_TYPE.OVAL:
        return fill(paths, shape)
    (left, top), (right, bottom) = paths[0].min(axis=0), paths[0].max(axis=0)
    return ellipse(left, top, right - left, bottom - top, shape)


def _paths(roi: ImagejRoi, path: Path) -> list[NDArray[np.float64]]:
    """Closed paths (n, 2) of a region, x and y; of an oval its bounding box."""
    if roi.roitype in (ROI_TYPE.RECT, ROI_TYPE.OVAL) and not roi.composite:
        return [_rectangle(roi)]
    paths = _drawn_paths(roi, path)
    if not paths:
        raise cellseg.InputError(f"the region {roi.name!r} is empty", "Delete it in Fiji.", path=path)
    return paths


def _drawn_paths(roi: ImagejRoi, path: Path) -> list[NDArray[np.float64]]:
    try:
        return [np.asarray(part, np.float64) for part in roi.coordinates(multi=True) if len(part)]
    except (NotImplementedError, RuntimeError, IndexError) as error:
        found = f"the region {roi.name!r} cannot be read ({error})"
        raise cellseg.InputError(found, "In Fiji, make it a polygon (Edit > Selection).", path=path) from error


def _rectangle(roi: ImagejRoi) -> NDArray[np.float64]:
    """Corners (4, 2) of a rectangle, or of an oval's bounding box."""
    x, y, width, height = map(float, (roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top))
    if roi.subpixelrect:
        x, y, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


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
    _set_position(roi, plane, target)
    if len(outline) == 1:
        roi.roitype, roi.n_coordinates = ROI_TYPE.TRACED, len(corners)
        roi.integer_coordinates = corners - (roi.left, roi.top)
    else:
        roi.roitype = ROI_TYPE.RECT
        roi.multi_coordinates = np.fromiter(chain.from_iterable(map(_commands, outline)), np.float32)
        roi.shape_roi_size = roi.multi_coordinates.size
    return roi


def _set_position(roi: ImagejRoi, plane: int, target: Target) -> None:
    if len(target.plane_shape) == 2:
        roi.t_position, roi.z_position = (k + 1 for k in target.index(plane))
        roi.c_position = 1
    elif target.planes > 1:
        roi.position = plane + 1


def _commands(path: NDArray[np.int32]) -> Iterator[float]:
    for k, (x, y) in enumerate(path.tolist()):
        yield from (LINE if k else MOVE, x, y)
    yield CLOSE

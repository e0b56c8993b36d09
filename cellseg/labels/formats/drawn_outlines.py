"""Cells as closed paths of corners on the planes of an image, and the masks they enclose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Float64, Shape
from cellseg.errors import InputError
from cellseg.images.plane_places import plane_at
from cellseg.images.source import ImageSource
from cellseg.labels.formats.drawn import CellMask, clipped, cropped, drawn_source
from cellseg.labels.formats.outline import ellipse, fill

PixelBox = tuple[float, float, float, float]
"""First row and column, and those after the last."""
FARTHEST = 1e9
"""Pixels from the first one; with corners beyond it, sums are no more exact."""
UNKNOWN_SIZE = "does not say how large its image is"
NEED_IMAGE = "Make a label image of the size of its image: cellseg convert FILE --like IMAGE --out labels.tif."


@dataclass(frozen=True, slots=True, eq=False)
class CellOutline:
    """Outline of a cell on one plane."""

    number: int
    """0: not known."""
    plane: int
    paths: tuple[Float64, ...]
    """Closed paths (n, 2), x and y: inside is what lies in an odd number of them; of an oval its bounding box."""
    oval: bool = False
    name: str = ""
    """Name in messages."""

    def box(self) -> tuple[int, int, int, int]:
        """First row and column, and those after the last."""
        corners = np.concatenate(self.paths)
        (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        return int(top), int(left), int(bottom), int(right)


@dataclass(frozen=True, slots=True, eq=False)
class OutlinesOfCells:
    """The outlines of one file."""

    outlines: tuple[CellOutline, ...]
    path: Path
    shape: Shape
    notes: tuple[str, ...] = ()

    @property
    def planes(self) -> list[int]:
        """Planes with cells."""
        return sorted({outline.plane for outline in self.outlines})

    def cells(self, plane: int) -> Sequence[CellMask]:
        """The cells of a plane, cut at the edges of the image."""
        return [self._filled(outline) for outline in self.outlines if outline.plane == plane]

    def refuse_outside(self) -> None:
        """InputError where a cell lies outside the image altogether, or nowhere."""
        for outline in self.outlines:
            refuse_no_places(outline.paths, f"the region {outline.name!r}", self.path)
            refuse_outside(outline.box(), self.shape, f"the region {outline.name!r}", self.path)

    def _filled(self, outline: CellOutline) -> CellMask:
        top, left, bottom, right = outline.box()
        top, left = max(top, 0), max(left, 0)
        size = min(bottom, self.shape[0]) - top, min(right, self.shape[1]) - left
        if min(size) <= 0:
            return CellMask(outline.number, 0, 0, np.zeros((0, 0), bool))
        paths = [path - (left, top) for path in outline.paths]
        if outline.oval:
            (x, y), (x1, y1) = paths[0].min(axis=0), paths[0].max(axis=0)
            mask = ellipse(x, y, x1 - x, y1 - y, size)
        else:
            mask = fill(paths, size)
        return clipped(cropped(mask, outline.number, top, left), self.shape)


def refuse_no_places(paths: Iterable[Any], what: str, path: Path) -> None:
    """InputError where corners (n, 2) are no numbers, or so far away that they are in no image."""
    for corners in paths:
        if not (np.abs(np.asarray(corners, np.float64)) <= FARTHEST).all():
            found = f"{what} has a corner that is no number, or farther away than {FARTHEST:.0e} pixels"
            raise InputError(found, "Export it again.", path=path)


def refuse_outside(box: PixelBox, shape: Shape, what: str, path: Path) -> None:
    """InputError where a box lies outside an image of this height and width altogether.

    `box`: first row and column, and those after the last.
    """
    top, left, bottom, right = box
    if top >= shape[0] or left >= shape[1] or bottom <= 0 or right <= 0:
        found = f"{what} lies outside of {shape[0]} x {shape[1]} pixels"
        raise InputError(found, "Choose the regions of the same image.", path=path)


def cut_note(boxes: Iterable[PixelBox], shape: Shape, path: Path) -> list[str]:
    """Sentence on cells that reach more than a pixel beyond an image of this height and width."""
    known = list(boxes)
    edge = (-1, -1, shape[0] + 1, shape[1] + 1)
    beyond = sum(any(box[k] < edge[k] or box[k + 2] > edge[k + 2] for k in (0, 1)) for box in known)
    return [f"{path.name}: {beyond} of {len(known)} cells reach beyond the image and are cut"] if beyond else []


def numbered(outlines: Sequence[CellOutline], first: int = 1) -> tuple[CellOutline, ...]:
    """Outlines with their own numbers where these tell those of a plane apart, else with `first`, `first` + 1, ..."""
    keys = {(outline.plane, outline.number) for outline in outlines}
    if all(outline.number for outline in outlines) and len(keys) == len(outlines):
        return tuple(outlines)
    return tuple(replace(outline, number=number) for number, outline in enumerate(outlines, first))


def outline_source(outlines: OutlinesOfCells, like: ImageSource, name: str) -> ImageSource:
    """Labels of an image from outlines.

    Raises:
        InputError: a cell lies outside the image.
    """
    outlines.refuse_outside()
    cut = cut_note((outline.box() for outline in outlines.outlines), outlines.shape, outlines.path)
    outlines = replace(outlines, notes=(*outlines.notes, *cut))
    planes = like.plane_axes, like.plane_shape
    return drawn_source(outlines, outlines.shape, name, outlines.path, planes)


def shape_of(like: ImageSource | None, path: Path) -> ImageSource:
    """The image that outlines were drawn on. Raises InputError where it is not known."""
    if like is None:
        raise InputError(UNKNOWN_SIZE, NEED_IMAGE.replace("FILE", path.name), path=path)
    return like


def plane_of(like: ImageSource, position: tuple[int, int] | None) -> int:
    """Plane, from 0, of a frame and a slice, both from 0; the number of planes where there is no such one."""
    if position is None or like.planes == 1:
        return 0
    frame, section = position
    if len(like.plane_shape) != 2:
        return max(frame, section)
    return plane_at(like.plane_axes, like.plane_shape, frame, section)

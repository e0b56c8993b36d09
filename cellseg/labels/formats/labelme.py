"""JSON files of LabelMe: the shapes on one image, drawn as LabelMe draws them (with Pillow)."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Array, Mask, Shape
from cellseg.errors import reading
from cellseg.images.source import ImageSource
from cellseg.labels.formats.drawn import CellMask, cropped, drawn_source
from cellseg.labels.formats.drawn_outlines import refuse_no_places, refuse_outside, shape_of
from cellseg.labels.formats.json_files import Tree, read_json, whole_number

ShapePoints = list[tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class LabelmeShapes:
    """The shapes of each cell: those of one label and group belong together."""

    path: Path
    groups: tuple[tuple[Tree, ...], ...]
    shape: Shape
    notes: tuple[str, ...] = ()

    def cells(self, plane: int) -> Sequence[CellMask]:
        """The cells by the order of their first shapes."""
        return [cropped(self._together(shapes), number) for number, shapes in enumerate(self.groups, 1)]

    def _together(self, shapes: Sequence[Tree]) -> Mask:
        mask = np.zeros(self.shape, bool)
        for one in shapes:
            mask |= self._drawn(one)
        return mask

    def _drawn(self, shape: Tree) -> Mask:
        found = f"the shape {shape.get('label', '')!r} cannot be drawn"
        with reading(self.path, found, "Draw it again in LabelMe."):
            return DRAW[shape.get("shape_type") or "polygon"](shape, _points(shape), self.shape)


def open_labelme(path: Path, like: ImageSource | None) -> ImageSource:
    """The labels in a file of LabelMe; its own size counts, or that of the image where it says none.

    Raises:
        InputError: it is damaged, or its size is not known.
    """
    tree = read_json(path)
    with reading(path, "holds shapes of LabelMe that cannot be read", "Save it again in LabelMe."):
        shapes = [shape for shape in tree["shapes"] if isinstance(shape, dict)]
        areas = [shape for shape in shapes if (shape.get("shape_type") or "polygon") in DRAW]
        shape = _shape(tree) or _size(shape_of(like, path))
        groups = _grouped(areas)
        for one in areas:
            _refuse_outside(one, shape, path)
    left = len(shapes) - len(areas)
    notes = (f"{path.name}: {left} shapes are points or lines and left out",) if left else ()
    return drawn_source(LabelmeShapes(path, groups, shape, notes), shape, path.name, path)


def _points(shape: Tree) -> ShapePoints:
    return [(float(x), float(y)) for x, y in shape["points"]]


def _refuse_outside(one: Tree, shape: Shape, path: Path) -> None:
    """InputError where all points lie outside, or one nowhere; of a circle they do not tell the former."""
    points, what = _points(one), f"the shape {one.get('label', '')!r}"
    refuse_no_places([points], what, path)
    if one.get("shape_type") != "circle" and points:
        columns, rows = zip(*points, strict=True)
        refuse_outside((min(rows), min(columns), max(rows) + 1, max(columns) + 1), shape, what, path)


def _shape(tree: Tree) -> Shape | None:
    height, width = tree.get("imageHeight"), tree.get("imageWidth")
    return (whole_number(height), whole_number(width)) if height and width else None


def _size(image: ImageSource) -> Shape:
    return image.height, image.width


def _grouped(shapes: Sequence[Tree]) -> tuple[tuple[Tree, ...], ...]:
    groups: dict[Any, list[Tree]] = {}
    for number, shape in enumerate(shapes):
        group = shape.get("group_id")
        groups.setdefault((number,) if group is None else (shape.get("label"), group), []).append(shape)
    return tuple(map(tuple, groups.values()))


def _with_pillow(shape: Shape, draw: Callable[[Any], None]) -> Mask:
    from PIL import Image, ImageDraw

    picture = Image.fromarray(np.zeros(shape, np.uint8))
    draw(ImageDraw.Draw(picture))
    return np.array(picture, dtype=bool)


def _polygon(shape: Tree, points: ShapePoints, size: Shape) -> Mask:
    if len(points) < 3:
        raise ValueError(f"{len(points)} corners")
    return _with_pillow(size, lambda draw: draw.polygon(xy=points, outline=1, fill=1))


def _rectangle(shape: Tree, points: ShapePoints, size: Shape) -> Mask:
    (x0, y0), (x1, y1) = points
    box = ((min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1)))
    return _with_pillow(size, lambda draw: draw.rectangle(box, outline=1, fill=1))


def _circle(shape: Tree, points: ShapePoints, size: Shape) -> Mask:
    (x, y), edge = points
    radius = math.dist((x, y), edge)
    box = ((x - radius, y - radius), (x + radius, y + radius))
    return _with_pillow(size, lambda draw: draw.ellipse(box, outline=1, fill=1))


def _mask(shape: Tree, points: ShapePoints, size: Shape) -> Mask:
    """A mask that stands in the file as a PNG, for the box of its two points."""
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(shape["mask"])))
    (x0, y0), (x1, y1) = np.asarray(points).astype(int).tolist()
    if picture.size != (x1 - x0 + 1, y1 - y0 + 1):  # before it is decoded: it may say any size
        raise ValueError(f"its mask is {picture.height} x {picture.width}, its box {y1 - y0 + 1} x {x1 - x0 + 1}")
    values: Array = np.asarray(picture)
    whole = np.zeros(size, bool)
    whole[y0 : y1 + 1, x0 : x1 + 1] = values.astype(bool)
    return whole


DRAW: dict[str, Callable[[Tree, ShapePoints, Shape], Mask]] = {
    "polygon": _polygon,
    "oriented_rectangle": _polygon,
    "rectangle": _rectangle,
    "circle": _circle,
    "mask": _mask,
}
"""Drawing of each type of shape that is an area."""

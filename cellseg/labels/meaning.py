"""Label images read for what they mean: numbers of cells, numbers of classes, or a mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage

from cellseg.arrays import Array, Int32, Int64, Mask, UInt8
from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.labels.results import refuse_as_labels
from cellseg.labels.values import IGNORED, check_values, plain_values, values_in
from cellseg.memory import refuse_beyond_memory
from cellseg.options import LabelOptions

Meaning = Literal["instances", "classes", "binary"]

MOST_CLASSES = 254
"""Largest class number."""
MOST_CLASSES_DETECTED = 16
"""With more values than this, they number cells."""
LABEL_BYTES = 24
"""Memory for each pixel of a plane of labels: they are numbers of 8 bytes, and looked at in a copy or two."""
PIECES_OF_A_CLASS = 3
"""A class lies in at least so many pieces in a plane; a cell hardly ever does."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelPlane:
    """Meaning of each pixel of a plane; where `ignore` is set, the other two are 0."""

    instances: Int32
    """(H, W) 0 = background, 1..n = cells, or connected regions of a class."""
    classes: UInt8
    """(H, W) 0 = background."""
    ignore: Mask
    """(H, W) nobody annotated this pixel."""


def read_values(source: ImageSource, plane: int) -> Array:
    """The values (H, W) of a plane of a label image.

    Raises:
        InputError: the image has several channels, such as RGB, holds probabilities of `cellseg predict`, or is too
            large for the memory.
    """
    refuse_as_labels(source)
    return read_grey(source, plane)


def read_grey(source: ImageSource, plane: int) -> Array:
    """The values (H, W) of a plane of an image with one value a pixel. Raises InputError as `read_values`."""
    if source.channels != 1:
        names = ", ".join(source.channel_names[:4])
        found = f"has {source.channels} channels ({names}), where labels have one value a pixel"
        raise InputError(found, "Save the labels as a grey image with one number for each cell.", path=source.path)
    found = f"is {source.height} x {source.width} pixels, and labels are read plane by plane"
    needed = LABEL_BYTES * source.height * source.width
    refuse_beyond_memory(needed, found, "Cut smaller parts out of it.", source.origin)
    values: Array = source.read(plane)[0]
    return values


def label_values(source: ImageSource, plane: int, *, ignore_label: int | None = None) -> Int64:
    """The values (H, W) int64 of a plane of a label image, gaps in the numbers and all.

    Raises:
        InputError: several channels, or values that are no labels, see `check_values`.
    """
    return check_values(read_values(source, plane), ignore_label, source.path)


def detect_kind(
    planes: Iterable[Array], options: LabelOptions = LabelOptions(), *, path: Path | str | None = None
) -> Meaning:
    """Meaning of the values of label images, judged over all planes.

    Binary: no more than two values, one of them 0. Classes: few values, of which most lie in many pieces.
    Instances: everything else.

    Args:
        planes: (H, W) label images of any integer or float type.
        options: which values are ignored and background.
        path: file that messages name.

    Raises:
        InputError: values that are no labels, see `check_values`.
    """
    return kind_of_plain(plain_values(plane, options, path) for plane in planes)


def kind_of_plain(planes: Iterable[Int64]) -> Meaning:
    """As `detect_kind`, of `plain_values`."""
    seen: set[int] = set()
    pieces: list[int] = []
    for values in planes:
        found = [value for value in values_in(values) if value != IGNORED]
        seen.update(found)
        if len(seen) > MOST_CLASSES_DETECTED:
            return "instances"
        pieces += [_pieces(values == value) for value in found if value]
    if len(seen) <= 1 or (len(seen) == 2 and 0 in seen):
        return "binary"
    return "classes" if np.median(pieces) >= PIECES_OF_A_CLASS else "instances"


def interpret(
    plane: Array, kind: Meaning, options: LabelOptions = LabelOptions(), *, path: Path | str | None = None
) -> LabelPlane:
    """Cells, classes and ignored pixels of one label image.

    Args:
        plane: (H, W) of any integer or float type.
        kind: meaning of its values.
        options: which values are ignored and background, which value of a mask is the cell.
        path: file that messages name.

    Returns:
        Instances as numbered (in a mask or class image: 4-connected regions of a class).

    Raises:
        InputError: values that are no labels or not of this kind.
    """
    values = plain_values(plane, options, path)
    ignore = values == IGNORED
    if kind == "instances":
        return LabelPlane(_renumbered(values), (values > 0).astype(np.uint8), ignore)
    if kind == "binary":
        values = mask_of(values, options, path).astype(np.int64)
    elif values.max(initial=0) > MOST_CLASSES:
        found = f"has the class number {values.max()}"
        raise InputError(found, f"Class numbers go from 0 to {MOST_CLASSES}.", path=path)
    classes = np.where(ignore, 0, values).astype(np.uint8)
    return LabelPlane(_regions(classes), classes, ignore)


def mask_of(plain: Int64, options: LabelOptions, path: Path | str | None = None) -> Mask:
    """Cells of a mask, from its `plain_values` of any shape.

    Raises:
        InputError: it has several values besides 0.
    """
    found = [value for value in values_in(plain) if value > 0]
    if len(found) > 1:
        listed = ", ".join(map(str, found[:5]))
        raise InputError(f"has {len(found)} values besides 0 ({listed}, ...), where a mask has one", path=path)
    return np.asarray(plain > 0 if options.foreground == "nonzero" else plain == 0)


def _pieces(mask: Mask) -> int:
    return int(ndimage.label(mask, np.ones((3, 3)))[1])


def _renumbered(plain: Int64) -> Int32:
    """1..n in the order of the numbers found; 0 and what is ignored become 0."""
    known = np.array([0, *(value for value in values_in(plain) if value > 0)])
    return np.searchsorted(known, plain).astype(np.int32)


def _regions(classes: UInt8) -> Int32:
    """4-connected regions of equal class, numbered class by class; class 0 is background."""
    instances = np.zeros(classes.shape, np.int32)
    for value in values_in(classes):
        if value:
            regions, _ = ndimage.label(classes == value)
            instances += np.where(regions > 0, regions + instances.max(), 0).astype(np.int32)
    return instances

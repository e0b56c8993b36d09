"""Label images read for what they mean: numbers of cells, numbers of classes, or a mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.labels.values import check_values, values_in

Meaning = Literal["instances", "classes", "binary"]

MOST_CLASSES_DETECTED = 16
"""With more values than this, they number cells."""
PIECES_OF_A_CLASS = 3
"""A class lies in at least so many pieces in a plane; a cell hardly ever does."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelPlane:
    """What is known about each pixel of a plane; where `ignore` is set, the other two are 0."""

    instances: NDArray[np.int32]
    """(H, W) 0 = background, 1..n = cells, or connected regions of a class."""
    classes: NDArray[np.uint8]
    """(H, W) 0 = background."""
    ignore: NDArray[np.bool_]
    """(H, W) nobody annotated this pixel."""


def read_values(source: ImageSource, plane: int) -> NDArray[Any]:
    """The values (H, W) of a plane of a label image.

    Raises:
        InputError: the image has several channels, such as RGB.
    """
    if source.channels != 1:
        names = ", ".join(source.channel_names[:4])
        found = f"has {source.channels} channels ({names}), where labels have one value a pixel"
        raise InputError(found, "Save the labels as a grey image with one number for each cell.", path=source.path)
    values: NDArray[Any] = source.read(plane)[0]
    return values


def label_values(source: ImageSource, plane: int, *, ignore_label: int | None = None) -> NDArray[np.int64]:
    """The values (H, W) int64 of a plane of a label image, gaps in the numbers and all.

    Raises:
        InputError: several channels, or values that are no labels, see `check_values`.
    """
    return check_values(read_values(source, plane), ignore_label, source.path)


def detect_kind(
    planes: Iterable[NDArray[Any]], *, ignore_label: int | None = None, path: Path | str | None = None
) -> Meaning:
    """What the values of label images mean, judged over all planes.

    Binary: no more than two values, one of them 0. Classes: few values, of which most lie in many pieces.
    Instances: everything else.

    Args:
        planes: (H, W) label images of any integer or float type.
        ignore_label: value of pixels that nobody annotated; it does not count.
        path: what messages name.

    Raises:
        InputError: values that are no labels, see `check_values`.
    """
    seen: set[int] = set()
    pieces: list[int] = []
    for plane in planes:
        values = check_values(plane, ignore_label, path)
        found = values_in(values)
        seen.update(found)
        if len(seen) > MOST_CLASSES_DETECTED:
            return "instances"
        pieces += [_pieces(values == value) for value in found if value not in (0, ignore_label)]
    seen.discard(-1 if ignore_label is None else ignore_label)
    if len(seen) <= 1 or (len(seen) == 2 and 0 in seen):
        return "binary"
    return "classes" if np.median(pieces) >= PIECES_OF_A_CLASS else "instances"


def count_classes(
    planes: Iterable[NDArray[Any]], kind: Meaning, *, ignore_label: int | None = None, path: Path | str | None = None
) -> int:
    """Number of classes, background included: 2 unless the values number classes.

    Raises:
        InputError: class numbers that are not 0, 1, 2, ... without a gap over all planes.
    """
    if kind != "classes":
        return 2
    seen = set[int]()
    for plane in planes:
        seen.update(values_in(check_values(plane, ignore_label, path)))
    found = sorted(seen - {ignore_label})
    if found != list(range(len(found))) or len(found) > 255:
        listed = ", ".join(map(str, found[:10])) + (", ..." if len(found) > 10 else "")
        remedy = "Number them 0, 1, 2, ... up to 254 at most, or say --labels-are instances."
        raise InputError(f"has the class numbers {listed}", remedy, path=path)
    return max(len(found), 2)


def interpret(
    plane: NDArray[Any],
    kind: Meaning,
    foreground: Literal["nonzero", "zero"] = "nonzero",
    ignore_label: int | None = None,
    *,
    path: Path | str | None = None,
) -> LabelPlane:
    """Cells, classes and ignored pixels of one label image.

    Args:
        plane: (H, W) of any integer or float type.
        kind: what its values mean.
        foreground: which value of a binary mask is the cell.
        ignore_label: value of pixels that nobody annotated.
        path: what messages name.

    Returns:
        Instances as numbered (in a mask or class image: 4-connected regions of a class).

    Raises:
        InputError: values that are no labels or not of this kind.
    """
    values = check_values(plane, ignore_label, path)
    ignore = np.zeros(values.shape, bool) if ignore_label is None else values == ignore_label
    values[ignore] = 0
    if kind == "instances":
        return LabelPlane(_renumbered(values), (values > 0).astype(np.uint8), ignore)
    found = [value for value in values_in(values) if value > 0]
    if kind == "binary" and len(found) > 1:
        listed = ", ".join(map(str, found[:5]))
        raise InputError(f"has {len(found)} values besides 0 ({listed}, ...), where a mask has one", path=path)
    if kind == "binary":
        values = (((values > 0) == (foreground == "nonzero")) & ~ignore).astype(np.int64)
    elif found and found[-1] > 254:
        raise InputError(f"has the class number {found[-1]}", "Class numbers go from 0 to 254.", path=path)
    classes = values.astype(np.uint8)
    return LabelPlane(_regions(classes), classes, ignore)


def _pieces(mask: NDArray[np.bool_]) -> int:
    return int(ndimage.label(mask, np.ones((3, 3)))[1])


def _renumbered(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """1..n in the order of the numbers found; 0 stays."""
    known = np.array([0, *(value for value in values_in(values) if value > 0)])
    return np.searchsorted(known, values).astype(np.int32)


def _regions(classes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """4-connected regions of equal class, numbered class by class; class 0 is background."""
    instances = np.zeros(classes.shape, np.int32)
    for value in values_in(classes):
        if value:
            regions, _ = ndimage.label(classes == value)
            instances += np.where(regions > 0, regions + instances.max(), 0).astype(np.int32)
    return instances

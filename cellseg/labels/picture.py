"""Labels told from images by what they look like, where one is given in place of the other.

Labels are flat: most pixels of a cell have neighbours of the same value, and between cells values jump. In an image
hardly a pixel has, or, where it is out of focus, values go up and down by single steps.
"""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Array, Mask
from cellseg.images.source import ImageSource

FLAT = 0.4
"""Part of a label's pixels (without the background's) that lie in the inside of a flat place, at least."""
HARDLY = 0.1
"""The same of images, at most."""
MANY = 20
"""Values that an image has, at least."""
FEW = 4
"""Values of masks and classes, at most, between which single steps are no blur."""
SIDE = 1024
"""Side of the part of a plane that is looked at in pixels."""


def label_notes(source: ImageSource) -> list[str]:
    """A sentence where an image that is given looks like labels; looks at the middle of its first plane.

    Raises InputError for a damaged file.
    """
    region = (_middle(length) for length in (source.height, source.width))
    values = source.read(0, *region)
    if not looks_like_labels(values):
        return []
    count = len(np.unique(values))
    return [f"looks like labels, not like an image: {count} values in flat places. Give the image to find cells in"]


def looks_like_labels(values: Array) -> bool:
    """True of whole numbers (C, H, W) in flat places; colours may number the cells, too."""
    known = np.unique(values.reshape(len(values), -1)[0])
    if len(known) < 2 or (values.dtype.kind == "f" and bool((known != np.round(known)).any())):
        return False
    labelled = (values != background_of(values[0])).any(axis=0)
    flat = np.logical_and.reduce([interior(channel) for channel in values])
    if flat[labelled].mean() < FLAT:
        return False
    return len(known) <= FEW or _jump(values[0])


def looks_like_picture(flat: int, labelled: int, values: int) -> bool:
    """True of an image by the number of its values, of its pixels besides the commonest value, and of those inside flat
    places."""
    return values >= MANY and flat < HARDLY * labelled


def interior(values: Array) -> Mask:
    """(H, W): pixels whose neighbours, up to four, have the same value."""
    same = np.ones(values.shape, bool)
    down, across = values[1:] == values[:-1], values[:, 1:] == values[:, :-1]
    same[1:] &= down
    same[:-1] &= down
    same[:, 1:] &= across
    same[:, :-1] &= across
    return same


def background_of(values: Array) -> float:
    """The commonest value of (H, W), the lowest of those that are equally common."""
    known, counts = np.unique(values, return_counts=True)
    return float(known[counts.argmax()])


def _jump(values: Array) -> bool:
    """True if neighbours of different values differ by more than the smallest step, usually."""
    steps = np.abs(np.concatenate([np.diff(values.astype(np.float64), axis=axis).ravel() for axis in (0, 1)]))
    steps = steps[steps > 0]
    return bool(np.median(steps) > steps.min())


def _middle(length: int) -> slice:
    start = max(0, (length - SIDE) // 2)
    return slice(start, min(length, start + SIDE))

"""Ground truth that tells good predictions from bad ones, and ground truth that does not.

A score is worth something only where a bad model has another one than a good model. Where all known pixels are of one
class, a network that always gives this class has the best scores; where one object covers most of a plane, V_rand and
V_info are those of that object alone, whatever lies beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellseg.arrays import Int32
from cellseg.labels.meaning import LabelPlane

MOST = 0.5
"""Part of the known pixels above which one object covers most of a plane."""


def is_known(truth: LabelPlane) -> bool:
    """True if any pixel is annotated."""
    return not bool(truth.ignore.all())


def has_cells(truth: LabelPlane) -> bool:
    """True if any cell, or region of a class but the background, is annotated."""
    return bool(truth.classes.any())


def is_one_object(truth: LabelPlane) -> bool:
    """True if one object covers most of the known pixels."""
    areas = np.bincount(truth.instances.ravel())[1:]
    return bool(areas.size) and int(areas.max()) > MOST * int((~truth.ignore).sum())


def classes_in(truths: Sequence[LabelPlane]) -> list[int]:
    """The classes that known pixels have, 0 = background."""
    counts = sum((np.bincount(truth.classes[~truth.ignore], minlength=256) for truth in truths), np.zeros(256, int))
    return np.flatnonzero(counts).tolist()


def tell_apart(truths: Sequence[LabelPlane]) -> bool:
    """True if scores on these planes tell a good model from one that gives every pixel the same class."""
    return len(classes_in(truths)) > 1 or any(touch(truth.instances) for truth in truths)


def touch(instances: Int32) -> bool:
    """True if pixels of two different instances (H, W) are neighbours."""
    sides = ((instances[1:], instances[:-1]), (instances[:, 1:], instances[:, :-1]))
    return any(bool(((a != b) & (a > 0) & (b > 0)).any()) for a, b in sides)

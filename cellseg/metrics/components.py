"""Instances of a mask: its connected components."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Labels


def instances(labels: Labels) -> NDArray[np.integer]:
    """A label image as it is; a mask as its components that touch by an edge (2-D: 4-connected, 3-D: 6-connected).

    A mask is a boolean image, or one that holds no other value than 0 and one more (0 and 255, say).

    Args:
        labels: (H, W) or (Z, H, W), bool or integers of 0 or more.

    Returns:
        Labels of the same shape, 0 = background.
    """
    if labels.dtype == np.bool_ or _two_valued(labels):
        return np.asarray(ndimage.label(labels)[0])
    return labels


def bool_instances(labels: Labels) -> NDArray[np.integer]:
    """A label image as it is, a boolean mask as its components; for metrics where 0 and 1 may mean one single cell."""
    return np.asarray(ndimage.label(labels)[0]) if labels.dtype == np.bool_ else labels


def _two_valued(labels: Labels) -> bool:
    return bool(np.all((labels == 0) | (labels == labels.max())))

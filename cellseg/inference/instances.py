"""Instances: connected components of the foreground."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi
from numpy.typing import NDArray
from skimage.segmentation import expand_labels


def label_instances(foreground: NDArray[np.generic], minimum_size: int = 0, grow: int = 0) -> NDArray[np.uint32]:
    """Number the 4-connected components of a mask.

    Args:
        foreground: (H, W), bool or anything that is not 0 where there is a cell.
        minimum_size: components with fewer pixels are left out.
        grow: pixels by which each instance is grown where there is room; two that meet stay apart by name.

    Returns:
        uint32 (H, W), 0 = background, 1..n in scan order of each instance's first pixel.
    """
    labels, count = ndi.label(foreground, output=np.int32)
    if minimum_size > 1:
        large = np.bincount(labels.ravel(), minlength=count + 1) >= minimum_size
        large[0] = False
        labels = (np.cumsum(large) * large)[labels]
    if grow:
        labels = in_scan_order(expand_labels(labels, grow))  # type: ignore[no-untyped-call]
    numbered: NDArray[np.uint32] = labels.astype(np.uint32)
    return numbered


def in_scan_order(labels: NDArray[np.signedinteger]) -> NDArray[np.int32]:
    """The same instances (H, W), numbered 1..n in the order in which their first pixels come."""
    flat = labels.ravel()
    first = np.full(int(flat.max(initial=0)) + 1, flat.size)
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)  # the last one written is the first pixel
    order = np.argsort(first[1:], kind="stable") + 1
    names = np.zeros(len(first), np.int32)
    names[order] = np.arange(1, len(first))
    renamed: NDArray[np.int32] = names[labels]
    return renamed

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
        labels = expand_labels(labels, grow)  # type: ignore[no-untyped-call]
    numbered: NDArray[np.uint32] = labels.astype(np.uint32)
    return numbered

"""Reading a box that may reach outside the image, where the image is mirrored at its border pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array
from cellseg.images.source import ImageSource
from cellseg.inference.tiling import Box


def mirrored(start: int, size: int, length: int) -> NDArray[np.intp]:
    """Positions in [0, length) that pixels start, start + 1, ... of the mirrored axis show, (size,).

    The border pixel itself is not repeated (numpy's "reflect"), and the mirror images go on for ever,
    so that an image may be smaller than the margin.
    """
    if length == 1:
        return np.zeros(size, np.intp)
    period = 2 * (length - 1)
    position = np.arange(start, start + size) % period
    return np.where(position < length, position, period - position)


def read_mirrored(source: ImageSource, plane: int, box: Box) -> Array:
    """Pixels (C, height, width) of a plane; reads only the part of the image that the box shows."""
    y = mirrored(box.top, box.height, source.height)
    x = mirrored(box.left, box.width, source.width)
    part = source.read(plane, slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1))
    if _inside(y) and _inside(x):
        return part
    return part[:, (y - y.min())[:, None], x - x.min()]


def _inside(positions: NDArray[np.intp]) -> bool:
    return bool((np.diff(positions) == 1).all())

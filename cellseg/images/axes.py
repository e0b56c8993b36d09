"""Axis strings such as TZCYX: capitals, slowest axis first.

Y and X span a sheet, C and S (samples of a pixel, such as red, green and blue) are channels, and all
other axes (time, depth, position, ...) count planes, in C order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError

CHANNEL_AXES = "CS"


def parse_axes(text: str) -> str:
    """Axes as the user wrote them, in capitals.

    Raises:
        InputError: a sign that is no letter, a letter twice, no Y or no X.
    """
    axes = text.upper()
    if not axes.isascii() or not axes.isalpha() or len(set(axes)) < len(axes) or not {"Y", "X"} <= set(axes):
        raise InputError(f"the axes {text!r} are not clear", "Write each axis once, with YX, such as TCYX.")
    return axes


def plane_axes(axes: str) -> str:
    """The axes that count planes: all but channels, samples, Y and X."""
    return "".join(axis for axis in axes if axis not in CHANNEL_AXES + "YX")


def sizes_of(wanted: str, axes: str, shape: Sequence[int]) -> tuple[int, ...]:
    """The lengths of those axes of an array that are also in `wanted`."""
    return tuple(size for axis, size in zip(axes, shape, strict=True) if axis in wanted)


def sheet_numbers(axes: str, shape: Sequence[int]) -> NDArray[np.intp]:
    """Sheets of each plane.

    Args:
        axes: axes of the array, for instance CZYX.
        shape: their lengths.

    Returns:
        (planes, channels) numbers of sheets, when sheets are numbered in C order over all axes but Y and X.
    """
    leading = [(axis, size) for axis, size in zip(axes, shape, strict=True) if axis not in "YX"]
    numbers = np.arange(np.prod([size for _, size in leading], dtype=np.intp)).reshape([size for _, size in leading])
    planes_first = sorted(range(len(leading)), key=lambda k: leading[k][0] in CHANNEL_AXES)
    channels = int(np.prod([size for axis, size in leading if axis in CHANNEL_AXES], dtype=np.intp))
    return numbers.transpose(planes_first).reshape(-1, channels)

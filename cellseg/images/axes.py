"""Axis strings such as TZCYX: capitals, slowest axis first.

Y and X span a sheet, C and S (samples of a pixel, such as red, green and blue) are channels, and all
other axes (time, depth, position, ...) count planes, in C order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
    if not _is_clear(axes):
        raise InputError(f"the axes {text!r} are not clear", "Write each axis once, with YX, such as TCYX.")
    return axes


def leading_axes(axes: str) -> str:
    """The axes that count sheets: all but Y and X."""
    return axes.replace("Y", "").replace("X", "")


def plane_axes(axes: str) -> str:
    """The axes that count planes: all but channels, samples, Y and X."""
    return "".join(axis for axis in axes if axis not in CHANNEL_AXES + "YX")


def sizes_of(wanted: str, axes: str, shape: Sequence[int]) -> tuple[int, ...]:
    """The lengths of those axes of an array that are also in `wanted`."""
    return tuple(size for axis, size in zip(axes, shape, strict=True) if axis in wanted)


def kept_axes(axes: str, lengths: Sequence[int], keep: Callable[[str, int], bool]) -> tuple[str, tuple[int, ...]]:
    """Axes for which `keep(axis, length)` is true, and their lengths."""
    kept = [(axis, length) for axis, length in zip(axes, lengths, strict=True) if keep(axis, length)]
    return "".join(axis for axis, _ in kept), tuple(length for _, length in kept)


def sheet_numbers(axes: str, shape: Sequence[int]) -> NDArray[np.intp]:
    """Sheets of each plane.

    Args:
        axes: axes of the array, for instance CZYX.
        shape: their lengths.

    Returns:
        (planes, channels) numbers of sheets, when sheets are numbered in C order over all axes but Y and X.
    """
    leading = leading_axes(axes)
    lengths = sizes_of(leading, axes, shape)
    numbers = np.arange(math.prod(lengths), dtype=np.intp).reshape(lengths)
    planes_first = sorted(range(len(leading)), key=lambda k: leading[k] in CHANNEL_AXES)
    return numbers.transpose(planes_first).reshape(-1, math.prod(sizes_of(CHANNEL_AXES, axes, shape)))


def _is_clear(axes: str) -> bool:
    letters = set(axes)
    return axes.isascii() and axes.isalpha() and len(letters) == len(axes) and {"Y", "X"} <= letters

"""Meaning of an index into an array: the box of pixels around it, and the same index inside the box."""

from __future__ import annotations

import operator
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np

Slices = tuple[slice, ...]
"""A range on each axis, with a start and a stop."""
INTEGERS = (int, np.integer)
LISTS = (list, np.ndarray)
NO_INDEX = (bool, np.bool_, NoneType)


def plan(key: Any, shape: tuple[int, ...]) -> tuple[Slices, tuple[Any, ...]]:
    """Split an index as numpy takes it into a box and an index into that box.

    Args:
        key: integers, slices, an ellipsis, arrays of integers or bool, or a tuple of these.
        shape: of the array.

    Returns:
        The smallest box that holds what is meant, and `inner`, so that `array[box][inner]` equals `array[key]`.

    Raises:
        IndexError: out of bounds, too many indices, or an index of another kind.
    """
    if _is_box(key, shape):
        return tuple(slice(int(part.start), int(part.stop)) for part in key), (slice(None),) * len(shape)
    planned = [_one(part, length) for part, length in zip(_full(key, len(shape)), shape, strict=True)]
    boxes, inner = zip(*planned, strict=True)
    return boxes, inner


def shape_of(box: Slices) -> tuple[int, ...]:
    """Shape of the pixels in a box."""
    return tuple(part.stop - part.start for part in box)


def _is_box(key: Any, shape: tuple[int, ...]) -> bool:
    """True if an index is the box itself: a stroke of the brush is some two hundred of these."""
    return type(key) is tuple and len(key) == len(shape) and all(map(_is_range, key, shape))


def _is_range(part: Any, length: int) -> bool:
    """True if an index is a range inside an axis, each pixel of it."""
    return (
        type(part) is slice
        and part.step is None
        and isinstance(part.start, INTEGERS)
        and isinstance(part.stop, INTEGERS)
        and bool(0 <= part.start <= part.stop <= length)
    )


def _full(key: Any, ndim: int) -> list[Any]:
    """One index an axis: masks become numbers, an ellipsis and what is missing become whole axes."""
    parts = _parts(key)
    ellipses = [place for place, part in enumerate(parts) if part is Ellipsis]
    missing = ndim - (len(parts) - len(ellipses))
    if missing < 0 or len(ellipses) > 1:
        raise IndexError(f"too many indices: {len(parts)} for {ndim} axes")
    at = min([*ellipses, len(parts)])
    return [*parts[:at], *[slice(None)] * missing, *parts[at + 1 :]]


def _parts(key: Any) -> list[Any]:
    """Indices as they were given, masks as numbers."""
    return list(chain.from_iterable(map(_numbered, key if isinstance(key, tuple) else (key,))))


def _numbered(part: Any) -> tuple[Any, ...]:
    """An index, or the numbers on each axis that a mask stands for."""
    mask = np.asarray(part) if isinstance(part, LISTS) else None
    return (part,) if mask is None or mask.dtype != bool else mask.nonzero()


def _one(part: Any, length: int) -> tuple[slice, Any]:
    if isinstance(part, slice):
        return _range(range(*part.indices(length)))
    if isinstance(part, LISTS) and np.ndim(part) > 0:
        return _numbers(np.asarray(part), length)
    return _number(part, length)


def _number(part: Any, length: int) -> tuple[slice, int]:
    if isinstance(part, NO_INDEX):
        raise IndexError(f"{part!r} is no index into labels")
    number = operator.index(part)
    if not -length <= number < length:
        raise IndexError(f"index {number} is out of bounds for an axis of {length}")
    return slice(number % length, number % length + 1), 0


def _range(numbers: range) -> tuple[slice, slice]:
    if not numbers:
        return slice(0, 0), slice(None)
    low, high = min(numbers[0], numbers[-1]), max(numbers[0], numbers[-1])
    return slice(low, high + 1), slice(None, None, numbers.step)


def _numbers(numbers: Any, length: int) -> tuple[slice, Any]:
    if numbers.size == 0:
        return slice(0, 0), numbers.astype(np.intp)
    if numbers.dtype.kind not in "iu":
        raise IndexError(f"indices are integers, not {numbers.dtype}")
    if numbers.min() < -length or numbers.max() >= length:
        raise IndexError(f"an index is out of bounds for an axis of {length}")
    numbers = np.where(numbers < 0, numbers + length, numbers)
    low = int(numbers.min())
    return slice(low, int(numbers.max()) + 1), numbers - low

"""What an index into an array means: the box of pixels around it, and the same index inside the box."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

Slices = tuple[slice, ...]
"""A range on each axis, with a start and a stop."""
INTEGERS = (int, np.integer)


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
    parts = _full(key, len(shape))
    planned = [_one(part, length) for part, length in zip(parts, shape, strict=True)]
    return tuple(box for box, _ in planned), tuple(inner for _, inner in planned)


def _is_box(key: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index is the box itself: a stroke of the brush is some two hundred of these."""
    return (
        type(key) is tuple
        and len(key) == len(shape)
        and all(
            type(part) is slice
            and part.step is None
            and isinstance(part.start, INTEGERS)
            and isinstance(part.stop, INTEGERS)
            and 0 <= part.start <= part.stop <= length
            for part, length in zip(key, shape, strict=True)
        )
    )


def _full(key: Any, ndim: int) -> list[Any]:
    """One index an axis: masks become numbers, an ellipsis and what is missing become whole axes."""
    parts: list[Any] = []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype == bool:
            parts.extend(np.asarray(part).nonzero())
        else:
            parts.append(part)
    ellipses = [place for place, part in enumerate(parts) if part is Ellipsis]
    missing = ndim - (len(parts) - len(ellipses))
    if missing < 0 or len(ellipses) > 1:
        raise IndexError(f"too many indices: {len(parts)} for {ndim} axes")
    at = ellipses[0] if ellipses else len(parts)
    return [*parts[:at], *[slice(None)] * missing, *parts[at + 1 :]]


def _one(part: Any, length: int) -> tuple[slice, Any]:
    if isinstance(part, slice):
        return _range(range(*part.indices(length)))
    if isinstance(part, (list, np.ndarray)) and np.ndim(part) > 0:
        return _numbers(np.asarray(part), length)
    if isinstance(part, (bool, np.bool_)) or part is None:
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

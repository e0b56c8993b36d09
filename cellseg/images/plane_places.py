"""Places of planes in time and depth, by the letters of the axes that count them: ZT and TZ are told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FRAMES_AND_SLICES = "TZ"
"""What two axes count where their letters do not say it."""


def frame_and_slice(axes: str, lengths: Sequence[int], plane: int) -> tuple[int, int]:
    """Frame and slice, both from 0, of a plane that is counted through along `axes`; of three axes or more the planes
    are slices, counted through."""
    if len(lengths) > 2:
        return 0, plane
    at = dict(zip(_letters(axes, lengths), np.unravel_index(plane, lengths), strict=True)) if lengths else {}
    return int(at.get("T", 0)), int(at.get("Z", 0))


def plane_at(axes: str, lengths: Sequence[int], frame: int, slice_: int) -> int:
    """Plane of a frame and a slice, both from 0; the number of planes where there is no such one."""
    named = {"T": frame, "Z": slice_}
    at = [named[letter] for letter in _letters(axes, lengths)]
    if any(k >= length for k, length in zip(at, lengths, strict=True)):
        return int(np.prod(lengths))
    return int(np.ravel_multi_index(at, tuple(lengths))) if at else 0


def _letters(axes: str, lengths: Sequence[int]) -> str:
    """T and Z for each axis."""
    if len(lengths) == 2:
        return axes if sorted(axes) == sorted(FRAMES_AND_SLICES) else FRAMES_AND_SLICES
    return axes if axes == "T" else "Z" * len(lengths)

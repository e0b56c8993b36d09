"""Nikon ND2 through nd2."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import nd2
import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.microscopes.scene import Scene
from cellseg.images.source import Physical

POSITIONS = "P"
OF_A_FRAME = "CYX"
"""Axes of what is stored as one piece, in its order."""


def nd2_scenes(path: Path) -> list[Scene]:
    """The positions of an ND2, or its one image.

    Raises:
        InputError: a colour camera's picture, of which nd2 does not say in which order the colours come.
    """
    with nd2.ND2File(path) as file:
        if file.components_per_channel != 1:
            found = f"holds {file.components_per_channel} colours in a channel, as a colour camera has them"
            raise InputError(found, "Export it as TIFF, with NIS-Elements or Fiji.", path=path)
        sizes = {axis: int(length) for axis, length in file.sizes.items()}
        loops = {axis: length for axis, length in sizes.items() if axis not in OF_A_FRAME}
        counted = "".join(axis for axis in loops if axis != POSITIONS)
        axes = f"{counted}{OF_A_FRAME}"
        names = _positions(file, sizes.get(POSITIONS, 1), path)
        return [
            Scene(
                name=name,
                axes=axes,
                shape=tuple(sizes.get(axis, 1) for axis in axes),
                dtype=np.dtype(file.dtype),
                physical=_physical(file),
                read=partial(_read, path, loops, number),
            )
            for number, name in enumerate(names)
        ]


def _read(path: Path, loops: dict[str, int], position: int, at: dict[str, int]) -> Array:
    """A sheet (H, W)."""
    place = {axis: position if axis == POSITIONS else at[axis] for axis in loops}
    with nd2.ND2File(path) as file:
        frame: Array = file.read_frame(_number_of(file, place))
        high, wide = (int(file.sizes[axis]) for axis in "YX")
        sheet: Array = frame.reshape(int(file.sizes.get("C", 1)), high, wide)[at["C"]].copy()
    return sheet


def _number_of(file: Any, place: dict[str, int]) -> int:
    """Number of the frame at these places of the loops; 0 in a file without loops."""
    frames = enumerate(file.loop_indices)
    return next((number for number, at in frames if all(at.get(axis, 0) == k for axis, k in place.items())), 0)


def _physical(file: Any) -> Physical:
    size = file.voxel_size()
    channels = getattr(file.metadata, "channels", None) or ()
    names = tuple(channel.channel.name for channel in channels)
    return Physical((size.y, size.x), size.z if file.sizes.get("Z", 1) > 1 else None, names)


def _positions(file: Any, count: int, path: Path) -> list[str]:
    """Names of the positions; their numbers where they have none, or the same."""
    if count == 1:
        return [path.stem]
    loop = next((loop for loop in file.experiment if loop.type == "XYPosLoop"), None)
    names = [point.name or "" for point in loop.parameters.points] if loop is not None else []
    return names if len({*names} - {""}) == count else [f"Position {number}" for number in range(count)]

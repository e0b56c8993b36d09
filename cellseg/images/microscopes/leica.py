"""Leica LIF through liffile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import liffile
import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.microscopes.scene import Scene
from cellseg.images.source import Physical

UM_PER_M = 1e6
SHEETS: dict[tuple[str, ...], dict[str, str]] = {("Y", "X"): {}, ("Z", "X"): {"Z": "Y", "Y": "Z"}}
"""Axes of sheets as the file has them, and what they are called here; a section along the optical axis is a sheet."""
SAMPLES = "S"
SHOWN = 8
"""Images that are named in an error."""


def lif_scenes(path: Path) -> list[Scene]:
    """The images of a LIF by their names; what has no sheets of Y and X, as lifetimes have none, is left out.

    Raises:
        InputError: nothing is left.
    """
    with liffile.LifFile(path) as file:
        found = [(number, image) for number, image in enumerate(file.images) if _has_sheets(image)]
        if not found:
            raise InputError(*_without_sheets(list(file.images)), path=path)
        return [_scene(path, number, image) for number, image in found]


def _without_sheets(images: Sequence[Any]) -> tuple[str, str]:
    """Sentence on a file without sheets: its series, and the axes that are read."""
    held = ", ".join(f"{image.name} ({''.join(image.dims)})" for image in images[:SHOWN])
    more = f" and {len(images) - SHOWN} more" if len(images) > SHOWN else ""
    found = f"holds no image that cellseg reads: {held}{more}" if images else "holds no image"
    return found, "Images have the axes YX, or ZX as sections along the optical axis; line scans and lifetimes do not."


def _has_sheets(image: Any) -> bool:
    return _sheet(image.dims) in SHEETS and hasattr(image, "frame")


def _sheet(dims: tuple[str, ...]) -> tuple[str, ...]:
    """The axes of a sheet: the last two but samples."""
    return tuple(axis for axis in dims if axis != SAMPLES)[-2:]


def _scene(path: Path, number: int, image: Any) -> Scene:
    names = SHEETS[_sheet(image.dims)]
    return Scene(
        name=str(image.name),
        axes="".join(names.get(axis, axis) for axis in image.dims),
        shape=tuple(int(length) for length in image.shape),
        dtype=np.dtype(image.dtype),
        physical=_physical(image, names),
        read=partial(_read, path, number),
    )


def _read(path: Path, number: int, at: dict[str, int]) -> Array:
    """A sheet (H, W) or (H, W, 3)."""
    with liffile.LifFile(path) as file:
        image: Any = file.images[number]
        names = SHEETS[_sheet(image.dims)]
        own = {here: there for there, here in names.items()}
        sheet: Array = image.frame(**{own.get(axis, axis): place for axis, place in at.items()})
    return sheet


def _physical(image: Any, names: dict[str, str]) -> Physical:
    """Steps from pixel to pixel; LIF names them in metres."""
    steps = {names.get(axis, axis): _step_um(image.coords.get(axis)) for axis in "YXZ"}
    down, across, through = (steps[axis] for axis in "YXZ")
    return Physical((down, across) if down and across else None, through or None)


def _step_um(places: Any) -> float:
    return 0.0 if places is None or len(places) < 2 else UM_PER_M * abs(float(places[1] - places[0]))

"""Leica LIF through liffile."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import liffile
import numpy as np

from cellseg.arrays import Array
from cellseg.images.microscopes.scene import Scene
from cellseg.images.source import Physical

UM_PER_M = 1e6
SHEET = ("Y", "X")


def lif_scenes(path: Path) -> list[Scene]:
    """The images of a LIF by their names; what has no sheets of Y and X, as lifetimes have none, is left out."""
    with liffile.LifFile(path) as file:
        found = [(number, image) for number, image in enumerate(file.images) if _has_sheets(image)]
        return [_scene(path, number, image) for number, image in found]


def _has_sheets(image: Any) -> bool:
    return set(SHEET) <= set(image.dims) and hasattr(image, "frame")


def _scene(path: Path, number: int, image: Any) -> Scene:
    sizes = dict(zip(image.dims, image.shape, strict=True))
    ahead = [axis for axis in image.dims if axis not in (*SHEET, "S")]
    order = [*ahead, *SHEET, *(["S"] if "S" in sizes else [])]
    return Scene(
        name=str(image.name),
        axes="".join(order),
        shape=tuple(int(sizes[axis]) for axis in order),
        dtype=np.dtype(image.dtype),
        physical=_physical(image),
        read=partial(_read, path, number),
    )


def _read(path: Path, number: int, at: dict[str, int]) -> Array:
    """A sheet (H, W) or (H, W, 3)."""
    with liffile.LifFile(path) as file:
        image: Any = file.images[number]
        sheet: Array = image.frame(**at)
    return sheet


def _physical(image: Any) -> Physical:
    """Steps from pixel to pixel; LIF names them in metres."""
    down, across, through = (_step_um(image.coords.get(axis)) for axis in "YXZ")
    return Physical((down, across) if down and across else None, through or None)


def _step_um(places: Any) -> float:
    return 0.0 if places is None or len(places) < 2 else UM_PER_M * abs(float(places[1] - places[0]))

"""A picture on disk that grows region by region, with smaller copies, so that a viewer reads no more than it shows.

Each level holds every second row and column of the one before. A list beside them says which regions are there.
"""

from __future__ import annotations

import math
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import DTypeLike, NDArray

_CHUNK = 512
SINGLE = 2048
"""Planes up to this side need no smaller copy."""
_SHOWN = "shown.txt"
_CORRECTED = "corrected"
_WHOLE = "whole"
"""A file in the folder of a picture of which nothing is missing."""

IN_MEMORY = 2**25
"""Pixels up to which cells are held in memory, where they can be corrected by hand."""
UNCERTAINTY, NUMBERED_CELLS = "uncertainty", "cells"
"""Names of pictures that show no class."""

ChunkPlace = tuple[int, int, int]


def factors(height: int, width: int) -> list[int]:
    """By how much each level is smaller than the picture; the first is 1."""
    found = [1]
    while max(height, width) / found[-1] > SINGLE:
        found.append(found[-1] * 2)
    return found


def open_levels(folder: Path) -> list[Any]:
    """The levels of a picture for reading, the largest first; each (*lead, h, w)."""
    names = sorted((level.name for level in folder.iterdir() if level.name.isdigit()), key=int)
    return [zarr.open_array(str(folder / name), mode="r") for name in names]


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture on disk."""

    role: str
    """What it shows: probabilities, uncertainty, or instances."""
    folder: Path
    levels: list[Any]


def kept_pictures(folder: Path) -> list[KeptPicture]:
    """Pictures that a prediction in this folder left, cells last.

    Of cells the newest numbering that came to its end, after those that were corrected; of the others what is there.
    What is damaged is left out.
    """
    folders = [path for path in sorted(folder.glob("*/pictures/*")) if path.is_dir()]
    found = []
    for path in [*_classes(folders), *_cells_of(folders)]:
        with suppress(Exception):  # zarr fails in many ways on a folder that is damaged
            found.append(KeptPicture(_what_shown(path), path, open_levels(path)))
    return found


def corrections_of(picture: Path) -> Path:
    """Folder of what was corrected in a picture of cells; made by the first correction."""
    return picture / _CORRECTED


def cells_in(picture: Path) -> Path:
    """Name of the cells in a picture of them; beside it are their classes, if a network told them."""
    return picture / NUMBERED_CELLS


def is_corrected(picture: Path) -> bool:
    """True if the cells of a picture were corrected."""
    return corrections_of(picture).exists()


def _classes(folders: list[Path]) -> list[Path]:
    """Pictures of classes and of the uncertainty."""
    return [path for path in folders if _numbering(path) is None]


def _cells_of(folders: list[Path]) -> list[Path]:
    """The newest numbering of cells that came to its end, after those that were corrected; oldest first."""
    whole = [path for path in folders if _numbering(path) is not None and (path / _WHOLE).exists()]
    in_order = sorted(whole, key=lambda path: ((path / _WHOLE).stat().st_mtime_ns, _numbering(path)))
    return [path for path in in_order if is_corrected(path) or path is in_order[-1]]


def _numbering(folder: Path) -> int | None:
    """Number of a picture of cells; None for pictures of something else."""
    found = re.fullmatch(rf"{NUMBERED_CELLS}-(\d+)", folder.name)
    return int(found[1]) if found else None


def _what_shown(folder: Path) -> str:
    if _numbering(folder) is not None:
        return "instances"
    return UNCERTAINTY if folder.name == UNCERTAINTY else "probabilities"


class Pyramid:
    """A picture (*lead, H, W); of one that fits the same is opened again, else it is made new."""

    def __init__(self, folder: Path, lead: tuple[int, ...], height: int, width: int, dtype: DTypeLike) -> None:
        self.folder = folder
        self._lead = lead
        self._factors = factors(height, width)
        shapes = [(*lead, -(-height // factor), -(-width // factor)) for factor in self._factors]
        if not _fits(folder, shapes, np.dtype(dtype)):
            shutil.rmtree(folder, ignore_errors=True)
            for level, shape in enumerate(shapes):
                sides = (min(_CHUNK, shape[-2]), min(_CHUNK, shape[-1]))
                zarr.create_array(
                    str(folder / str(level)), shape=shape, chunks=(*(1,) * len(lead), *sides), dtype=np.dtype(dtype)
                )
            (folder / _SHOWN).touch()
        self._levels: list[Any] = [zarr.open_array(str(folder / str(k)), mode="r+") for k in range(len(shapes))]

    def finish(self) -> None:
        """Nothing of it is missing from now on."""
        (self.folder / _WHOLE).touch()

    @property
    def shown(self) -> frozenset[ChunkPlace]:
        """Regions (plane, top, left) that are there."""
        lines = (self.folder / _SHOWN).read_text(encoding="ascii").splitlines()
        found = (line.split() for line in lines)
        return frozenset((int(words[0]), int(words[1]), int(words[2])) for words in found if len(words) == 3)

    def put(self, plane: int, top: int, left: int, values: NDArray[Any]) -> None:
        """Write a region (h, w) of a plane, counted over `lead`, at its place in all levels."""
        lead = tuple(int(k) for k in np.unravel_index(plane, self._lead)) if self._lead else ()
        for factor, level in zip(self._factors, self._levels, strict=True):
            part = values[-top % factor :: factor, -left % factor :: factor]
            if part.size:
                y, x = math.ceil(top / factor), math.ceil(left / factor)
                level[(*lead, slice(y, y + part.shape[0]), slice(x, x + part.shape[1]))] = part
        with open(self.folder / _SHOWN, "a", encoding="ascii") as file:
            file.write(f"{plane} {top} {left}\n")


def _fits(folder: Path, shapes: list[tuple[int, ...]], dtype: np.dtype[Any]) -> bool:
    try:
        levels = open_levels(folder)
    except Exception:  # zarr fails in many ways on a folder that is damaged
        return False
    wanted = [(shape, dtype) for shape in shapes]
    return (folder / _SHOWN).is_file() and [(level.shape, level.dtype) for level in levels] == wanted

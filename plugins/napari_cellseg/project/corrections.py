"""Cells that a network found, which are corrected where they are: what is changed lies on top of them, on disk.

As in an annotation every stroke is safe when it is made. The cells as they were found stay beneath.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellseg.pixels.pyramid import IN_MEMORY, corrections_of
from napari_cellseg.project.store import LabelStore, open_store

MOST_PIXELS = 2**25
"""Pixels of a plane up to which cells are shown in full resolution, which is what can be painted on."""


def cells_of(levels: Sequence[Any], picture: Path, *, writable: bool) -> tuple[Any, bool]:
    """Cells of a picture as a layer takes them, and whether they are several levels, which nobody can paint on.

    Args:
        levels: (..., h, w) each, the largest first.
        picture: its folder.
        writable: corrections may be made.
    """
    if math.prod(levels[0].shape[-2:]) > MOST_PIXELS:
        return (list(levels), True) if len(levels) > 1 else (levels[0], False)
    return correctable(levels[0], corrections_of(picture), writable=writable), False


def correctable(cells: Any, folder: Path, *, writable: bool) -> LabelStore:
    """Cells (..., H, W) that are corrected in place; `folder` is where that is kept, made by the first correction."""
    few = math.prod(cells.shape) <= IN_MEMORY
    return open_store(folder, writable=writable, beneath=np.asarray(cells) if few else cells)


def is_corrected(layer: Any) -> bool:
    """True if the cells of a layer were corrected by hand."""
    return isinstance(layer.data, LabelStore) and layer.data.corrected


def folder_beside(file: Path) -> Path:
    """Folder of the corrections of a file of cells, in the state that it has now."""
    return file.with_name(f"{file.name}.corrected-{file.stat().st_mtime_ns}")

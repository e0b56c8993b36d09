"""Cells that a user brought into a project, such as those of another program: kept in it and corrected there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_cellseg.project import chunks
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.folder import Project, free_name
from napari_cellseg.project.store import LabelStore, open_store

OWN = "own"
"""Folder beside the other results of an image."""


def keep_cells(project: Project, image: ProjectImage, name: str, cells: Any) -> LabelStore:
    """Copy cells into a project; what is painted there is on disk at once.

    Args:
        project: a writable one.
        image: to which they belong.
        name: for people, such as that of a layer.
        cells: (planes, H, W), or (H, W), of the image's size.

    Raises:
        InputError: they cannot be written.
    """
    return keep_cells_in(project.predictions / image.name, name, cells)


def keep_cells_in(results: Path, name: str, cells: Any) -> LabelStore:
    """The same into the folder of the results of an image."""
    folder = results / OWN
    taken = [path.stem for path in folder.glob("*.zarr")]
    target = folder / f"{free_name(name, taken)}.zarr"
    chunks.create(target, tuple(int(length) for length in cells.shape), {})
    store = open_store(target)
    for plane in np.ndindex(*cells.shape[:-2]):
        store[(*plane, slice(None), slice(None))] = np.asarray(cells[plane])
    return store


def own_cells(project: Project, image: ProjectImage) -> list[tuple[str, LabelStore]]:
    """Cells that were brought into a project for an image, with their names.

    Raises:
        InputError: one is damaged.
    """
    return own_cells_in(project.predictions / image.name, writable=project.writable)


def own_cells_in(results: Path, *, writable: bool) -> list[tuple[str, LabelStore]]:
    """The same of the folder of the results of an image."""
    return [(path.stem, open_store(path, writable=writable)) for path in sorted((results / OWN).glob("*.zarr"))]

"""Cells that a user brought into a project, such as those of another program: kept in it and corrected there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_cellseg.project import chunks
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.folder import Project, free_name
from napari_cellseg.project.store import LabelStore, open_store

_FOLDER = "own"


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
    folder = _folder(project, image)
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
    folders = sorted(_folder(project, image).glob("*.zarr"))
    return [(path.stem, open_store(path, writable=project.writable)) for path in folders]


def _folder(project: Project, image: ProjectImage) -> Path:
    return project.predictions / image.name / _FOLDER

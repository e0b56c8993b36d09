"""More images for a project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cellseg
from napari_cellseg.project.folder import Project


def with_files(project: Project, paths: Iterable[Path]) -> tuple[Project, list[str]]:
    """A project with more images, and what is wrong with the files that are left out; those it has are not added again.

    Args:
        project: a writable one.
        paths: of images.
    """
    known = {image.path for image in project.images}
    new = [path for path in dict.fromkeys(path.absolute() for path in paths) if path not in known]
    wrong = {path: words for path in new if (words := _wrong_with(path))}
    return project.add([path for path in new if path not in wrong]), list(wrong.values())


def _wrong_with(path: Path) -> str:
    """Reason why a file cannot be an image of a project; empty where it can."""
    try:
        cellseg.open_image(path)
    except cellseg.InputError as error:
        return str(error)
    return ""

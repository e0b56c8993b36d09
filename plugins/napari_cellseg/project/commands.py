"""Commands of the menus: a new project of the viewer's images, opening one, finding an image that was moved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari.utils.notifications import show_info
from napari.viewer import Viewer
from qtpy.QtWidgets import QFileDialog

from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.folder import Project
from napari_cellseg.project.from_layers import create_project
from napari_cellseg.project.layer_data import errors_told
from napari_cellseg.project.layers import claimed, open_project, projects_in, show_image
from napari_cellseg.project.readers import open_dock


def new_project(viewer: Viewer, files: Sequence[Path] = ()) -> None:
    """Ask for a folder and make a project of the selected images in it, or of all, and of files that are not open."""
    chosen, _ = QFileDialog.getSaveFileName(None, "New annotation project: name of its folder", "annotation")
    if chosen:
        with errors_told():
            create_project(viewer, Path(chosen), files=files)
        open_dock()


def open_folder(viewer: Viewer) -> None:
    """Ask for the folder of a project and open it."""
    chosen = QFileDialog.getExistingDirectory(None, "Open an annotation project")
    if chosen:
        with errors_told():
            open_project(viewer, Path(chosen))
        open_dock()


def find_images(viewer: Viewer) -> None:
    """Ask for the files of the images that are gone from the projects in the viewer."""
    missing = _missing_images(viewer)
    if not missing:
        show_info("No image of an open project is missing.")
    for path, image in missing:
        chosen, _ = QFileDialog.getOpenFileName(None, f"Where is {image.name} now? It was {image.path}")
        if chosen:
            with errors_told():
                relocate(viewer, path, image.name, Path(chosen))


def relocate(viewer: Viewer, project: Path, name: str, file: Path) -> None:
    """Tell a project where an image is now, and show it."""
    found = claimed(project).relocate(name, file)
    show_image(viewer, found, found.image(name))


def _missing_images(viewer: Viewer) -> list[tuple[Path, ProjectImage]]:
    """Images that are gone, each after the folder of its project."""
    projects = [Project.open(path) for path in dict.fromkeys(projects_in(viewer))]
    return [(project.path, image) for project in projects for image in project.images if image.missing]

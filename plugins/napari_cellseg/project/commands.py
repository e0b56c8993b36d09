"""Commands of the menus: a new project of the viewer's images, opening one, finding an image that was moved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from napari.utils.notifications import show_error, show_info
from napari.viewer import Viewer
from qtpy.QtWidgets import QFileDialog

import cellseg
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layers import claimed, create_project, open_project, show_image
from napari_cellseg.project.readers import open_dock


def new_project(viewer: Viewer) -> None:
    """Ask for a folder and make a project of the selected images in it, or of all."""
    chosen, _ = QFileDialog.getSaveFileName(None, "New annotation project: name of its folder", "annotation")
    if chosen:
        _tell(partial(create_project, viewer, Path(chosen)))
        open_dock()


def open_folder(viewer: Viewer) -> None:
    """Ask for the folder of a project and open it."""
    chosen = QFileDialog.getExistingDirectory(None, "Open an annotation project")
    if chosen:
        _tell(partial(open_project, viewer, Path(chosen)))
        open_dock()


def find_images(viewer: Viewer) -> None:
    """Ask for the files of the images that are gone from the projects in the viewer."""
    paths = {layer.metadata["cellseg"].get("project") for layer in viewer.layers if "cellseg" in layer.metadata}
    missing = [(path, image) for path in paths - {None} for image in Project.open(Path(path)).images if image.missing]
    if not missing:
        show_info("No image of an open project is missing.")
    for path, image in missing:
        chosen, _ = QFileDialog.getOpenFileName(None, f"Where is {image.name} now? It was {image.path}")
        if chosen:
            _tell(partial(relocate, viewer, Path(path), image.name, Path(chosen)))


def relocate(viewer: Viewer, project: Path, name: str, file: Path) -> None:
    """Tell a project where an image is now, and show it."""
    found = claimed(project).relocate(name, file)
    show_image(viewer, found, found.image(name))


def _tell(act: Callable[[], object]) -> None:
    try:
        act()
    except cellseg.InputError as error:
        show_error(str(error))

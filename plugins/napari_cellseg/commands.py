"""Commands of the menus: open the dock on a panel, for the layer that is selected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.layers import Layer
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from qtpy.QtWidgets import QFileDialog

from cellseg import InputError
from napari_cellseg.dock import CellsegDock
from napari_cellseg.image_reader import FILES, read_image
from napari_cellseg.project.document import DOCUMENT_NAME, is_project
from napari_cellseg.project.layers import MOST_SHOWN


def annotate_layer(viewer: Viewer) -> None:
    """Annotate the selected layer."""
    open_panel(viewer, "Annotate")


def segment_layer(viewer: Viewer) -> None:
    """Segment the selected layer."""
    open_panel(viewer, "Segment")


def measure_layer(viewer: Viewer) -> None:
    """Measure the selected layer."""
    open_panel(viewer, "Measure")


def open_large_image(viewer: Viewer) -> None:
    """Ask for an image and open it without loading it."""
    chosen, _ = QFileDialog.getOpenFileName(None, "Open an image without loading it", "", FILES)
    if chosen:
        open_images(viewer, [Path(chosen)])


def open_panel(viewer: Viewer, title: str) -> CellsegDock:
    """The dock of a viewer with a panel in front, opened if it was not."""
    dock, widget = viewer.window.add_plugin_dock_widget("cellseg-unet")
    dock.show()
    dock.raise_()
    widget.show_panel(title)
    return widget


def open_images(viewer: Viewer, paths: list[Path]) -> None:
    """Add images as layers; what cannot be read is told, and does not keep the others away."""
    for path in paths:
        try:
            for layer_data in read_image(path):
                viewer.add_layer(Layer.create(*layer_data))
        except InputError as error:
            show_error(str(error))


def open_all(viewer: Viewer, paths: list[Path]) -> None:
    """Open projects, images and folders of images, and the dock. A few images become layers, of more the first one."""
    paths = [path.parent if path.name == DOCUMENT_NAME else path for path in paths]
    few = [path for path in paths if not is_project(path) and (path.is_file() or path.suffix == ".zarr")]
    if len(few) <= MOST_SHOWN:
        open_images(viewer, few)
    panel: Any = open_panel(viewer, "Start").panel("Start")
    if paths:
        panel.open_paths(paths)
    if viewer.layers and panel.stage.entries[0].of_project:
        open_panel(viewer, "Annotate")

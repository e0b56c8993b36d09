"""Commands of the menus: open the dock on a panel, for the layer that is selected."""

from __future__ import annotations

from pathlib import Path

from napari.utils.notifications import show_error
from napari.viewer import Viewer
from qtpy.QtWidgets import QFileDialog

from cellseg import InputError
from napari_cellseg.dock import CellsegDock
from napari_cellseg.image_reader import FILES, read_image


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
    dock, widget = viewer.window.add_plugin_dock_widget("cellseg")
    dock.show()
    dock.raise_()
    widget.show_panel(title)
    return widget


def open_images(viewer: Viewer, paths: list[Path]) -> None:
    """Add images as layers; what cannot be read is told, and does not keep the others away."""
    for path in paths:
        try:
            for data, settings, _ in read_image(path):
                viewer.add_image(data, **settings)
        except InputError as error:
            show_error(str(error))

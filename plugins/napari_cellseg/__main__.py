"""napari as a program of its own, with the dock open: `python -m napari_cellseg [IMAGE ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

import napari

from napari_cellseg.commands import open_images, open_panel


def main(paths: list[str]) -> None:
    """Open images and the dock, and run until the window is closed."""
    viewer = napari.Viewer(title="cellseg")
    open_images(viewer, [Path(path) for path in paths])
    open_panel(viewer, "Annotate")
    napari.run()


if __name__ == "__main__":
    main(sys.argv[1:])

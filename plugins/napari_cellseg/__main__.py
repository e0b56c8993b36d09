"""napari as a program of its own, with the dock open: `python -m napari_cellseg [PATH ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

import napari

from napari_cellseg.commands import open_all


def main(paths: list[str]) -> None:
    """Open images, folders or projects, and the dock, and run until the window is closed."""
    viewer = napari.Viewer(title="cellseg")
    open_all(viewer, [Path(path) for path in paths])
    napari.run()


if __name__ == "__main__":
    main(sys.argv[1:])

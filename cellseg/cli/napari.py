"""cellseg napari: the plugin's window."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from cellseg.errors import InputError

QT = ("PyQt6", "PySide6", "PyQt5", "PySide2")
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
"""Variables of Linux that name a screen."""
INSTALL = 'in your clone of cellseg: pip install ".[napari]" PyQt6'


def napari(*images: Path) -> int:
    """Start napari, as a program of its own, with cellseg's dock open.

    Parameters
    ----------
    images
        Image files, OME-Zarr folders, folders of images, or annotation projects; large images are read where they are
        looked at.
    """
    for image in images:
        if not image.exists():
            raise InputError("is not there", "Check the name.", path=image)
    _check_installed()
    done = subprocess.run([sys.executable, "-m", "napari_cellseg", *(str(image.absolute()) for image in images)])
    if done.returncode:
        raise InputError(f"napari ended with exit code {done.returncode}", "What it wrote above says why.")
    return 0


def _check_installed() -> None:
    """That a window can be opened at all, without importing what would open it."""
    if importlib.util.find_spec("napari") is None:
        raise InputError("napari is not installed", f"Install it, {INSTALL}")
    if not any(map(importlib.util.find_spec, QT)):
        raise InputError("no Qt is installed, which draws napari's window", f"Install one, {INSTALL}")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, SCREENS)):
        raise InputError("there is no display to open a window on", "Set DISPLAY, or run it on a desktop.")

"""The dock widget opens in a real window, and its panels when they are looked at."""

from __future__ import annotations

import subprocess
import sys

import pytest
from napari_cellseg.dock import PANELS
from npe2 import PluginManifest


@pytest.fixture
def dock(make_napari_viewer):
    viewer = make_napari_viewer()
    return viewer.window.add_plugin_dock_widget("cellseg-unet")[1]


def test_every_panel_opens(dock):
    for title in PANELS:
        assert dock.show_panel(title).isVisibleTo(dock)


def test_the_manifest_is_valid():
    PluginManifest.from_distribution("cellseg-unet").validate_imports()


def test_the_plugin_is_imported_without_torch():
    code = "import sys, napari_cellseg.dock; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

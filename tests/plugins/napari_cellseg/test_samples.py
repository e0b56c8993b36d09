"""Sample stacks, menus and the manifest, as napari finds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import napari_cellseg
import numpy as np
import pytest
from napari_cellseg.samples import make_stack
from npe2 import PluginManager, PluginManifest

MANIFEST = Path(napari_cellseg.__file__).with_name("napari.yaml")


def test_npe2_finds_nothing_wrong():
    done = subprocess.run([sys.executable, "-m", "npe2", "validate", str(MANIFEST)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    PluginManifest.from_file(MANIFEST).validate_imports()


@pytest.mark.parametrize("kind", ["blobs", "touching", "em"])
def test_a_sample_is_a_stack_with_labels(kind):
    (image, _, _), (labels, settings, what) = make_stack(kind)
    assert image.shape == labels.shape == (3, 512, 512)
    assert (image.dtype, labels.dtype) == (np.uint8, np.uint32)
    assert what == "labels"
    assert settings["name"].startswith(kind)
    assert all(len(np.unique(plane)) > 5 for plane in labels)


def test_samples_and_menus_in_the_window(make_napari_viewer):
    viewer = make_napari_viewer()
    image, labels = viewer.open_sample("cellseg-unet", "touching")
    assert (image.name, labels.name) == ("touching", "touching labels")
    viewer.layers.selection.active = image
    for command, panel in (("segment", "Segment"), ("annotate", "Annotate"), ("measure", "Measure")):
        PluginManager.instance().commands.execute(f"cellseg-unet.{command}_layer", (viewer,))
        dock = next(iter(viewer.window.dock_widgets.values()))
        assert dock._tabs.tabText(dock._tabs.currentIndex()) == panel
    assert len(viewer.window.dock_widgets) == 1
    assert dock.session.image() is image

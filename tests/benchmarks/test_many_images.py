"""Two hundred images of a folder segmented from a real window: memory, layers and the table. Prints figures.

python -m pytest -m benchmark -s tests/benchmarks/test_many_images.py
"""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
import tifffile

pytest.importorskip("napari")

from napari_cellseg.commands import open_panel
from qtpy.QtWidgets import QFileDialog

IMAGES, SIDE, WAIT = 200, 128, 3_600_000
GROWTH_MB = 60
"""What may be had more at the end than when a tenth of the images was done."""

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(4000)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Images with a disc more in each tenth."""
    monkeypatch.setenv("CELLSEG_STATE", str(tmp_path / "state"))
    (tmp_path / "images").mkdir()
    y, x = np.mgrid[:SIDE, :SIDE]
    for number in range(IMAGES):
        image = np.random.default_rng(number).normal(20, 2, (SIDE, SIDE))
        for k in range(1 + number % 4):
            image += 150 * ((y - 25 - 60 * (k // 2)) ** 2 + (x - 30 - 60 * (k % 2)) ** 2 < 150)
        tifffile.imwrite(tmp_path / "images" / f"n{number:03}.tif", image.clip(0, 255).astype(np.uint8))
    return tmp_path / "images"


def used(process):
    """Memory of the window and of its children, in megabytes."""
    return [sum(p.memory_info().rss for p in found) / 1e6 for found in ([process], process.children(recursive=True))]


def test_a_folder_of_many_images(make_napari_viewer, qtbot, folder, tmp_path, monkeypatch):
    process, out = psutil.Process(), tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    viewer = make_napari_viewer(show=True)
    dock = open_panel(viewer, "Start")
    panel, began = dock.panel("Start"), time.perf_counter()
    panel.open_paths([folder])
    qtbot.waitUntil(lambda: panel.list.count() == IMAGES, timeout=WAIT)
    print(f"\nlisted in {time.perf_counter() - began:.1f} s; {len(viewer.layers)} layers")
    dock.session.use_model("nuclei")
    segment, measured = dock.show_panel("Segment"), {}
    segment.begin.images.tick_all()
    segment.begin.start.click()
    for done in (IMAGES // 10, IMAGES // 2, IMAGES):
        qtbot.waitUntil(lambda done=done: len(list(out.glob("n*.tif"))) >= done, timeout=WAIT)
        measured[done] = used(process)
        window, children = measured[done]
        print(f"{done} images: window {window:.0f} MB, children {children:.0f} MB, {len(viewer.layers)} layers")
    qtbot.waitUntil(lambda: (out / "cells.csv").exists() and not segment.controller.busy, timeout=WAIT)
    print(f"done after {time.perf_counter() - began:.0f} s; {len(viewer.layers)} layers")
    assert len((out / "cells.csv").read_text().splitlines()) > IMAGES
    assert len(viewer.layers) <= 3, "the image that is seen, and its cells"
    first, last = measured[IMAGES // 10], measured[IMAGES]
    assert all(after - before < GROWTH_MB for before, after in zip(first, last, strict=True))
    segment._service.close()

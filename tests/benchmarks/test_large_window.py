"""A plane of 20,000 x 20,000 in a real window: a new project, strokes and memory, in processor time. Prints figures.

python -m pytest -m benchmark -s tests/benchmarks/test_large_window.py
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import psutil
import pytest
import tifffile

pytest.importorskip("napari")

from napari_cellseg.annotation import is_annotation
from napari_cellseg.commands import open_all
from napari_cellseg.napari_private import load_loops
from napari_cellseg.project.brush import one_thread
from napari_cellseg.project.from_layers import create_project
from qtpy.QtWidgets import QApplication

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(3000),
    pytest.mark.filterwarnings("ignore:data shape:UserWarning"),  # napari's, of planes larger than the card takes
]

SIDE, TILE = 20_000, 512
BRUSH, LENGTH, MOVES, STROKES = 20, 300, 15, 10


def write_large(path):
    """A tiled TIFF of blobs; the same tile over and over."""
    y, x = np.mgrid[:TILE, :TILE]
    tile = (40 + 150 * (np.sin(y / 9) * np.sin(x / 9) > 0.3)).astype(np.uint8)
    grid = -(-SIDE // TILE)
    tifffile.imwrite(
        path,
        (tile for _ in range(grid * grid)),
        shape=(SIDE, SIDE),
        dtype=np.uint8,
        tile=(TILE, TILE),
        compression="zlib",
        photometric="minisblack",
    )


def test_a_large_plane(make_napari_viewer, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLSEG_STATE", str(tmp_path / "state"))
    write_large(tmp_path / "large.tif")
    memory, gb = psutil.Process().memory_info, 1e9
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, 800)
    print(f"\nthe empty window: {memory().rss / gb:.2f} GB")
    open_all(viewer, [tmp_path / "large.tif"])
    QApplication.processEvents()
    print(f"the image is open: {memory().rss / gb:.2f} GB")
    load_loops().join()  # nobody presses New project in the second in which the window opens
    began, clock = time.thread_time(), time.perf_counter()
    create_project(viewer, tmp_path / "project")
    created, on_clock = time.thread_time() - began, time.perf_counter() - clock
    QApplication.processEvents()
    print(f"new project: {created:.2f} s of the processor, {on_clock:.2f} s by the clock; {memory().rss / gb:.2f} GB")
    (layer,) = filter(is_annotation, viewer.layers)
    viewer.camera.center, viewer.camera.zoom = (SIDE / 2, SIDE / 2), 1.0
    QApplication.processEvents()
    layer.mode, layer.brush_size = "paint", BRUSH
    drawn, shown = [], []
    for number in range(STROKES):
        layer.selected_label = number + 2
        top = SIDE // 2 + 30 * number
        points = [(top, SIDE // 2 + LENGTH * k / MOVES) for k in range(MOVES + 1)]
        began = time.thread_time()
        with one_thread(), layer.block_history():
            for here, there in zip([points[0], *points], points, strict=False):
                layer._draw(layer.selected_label, here, there)
        drawn.append(time.thread_time() - began)
        QApplication.processEvents()
        shown.append(time.thread_time() - began)
    for name, times in (("drawn", drawn), ("shown", shown)):
        least, median, most = (1e3 * of(times) for of in (min, statistics.median, max))
        print(f"a stroke of {LENGTH} px in {MOVES} moves, {name}: {median:.0f} ms ({least:.0f} to {most:.0f})")
    used = memory().rss / gb
    print(f"memory: {used:.2f} GB")
    assert created < 1
    assert min(drawn) < 0.05  # of the stroke that other programs disturbed least
    assert used < 1.5

"""How long the window of napari does not answer while cells are measured; run by `make bench`."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from napari_cellseg.measure.overlays import SHADES, overlay
from napari_cellseg.measure.panel import MeasurePanel
from napari_cellseg.session import Session
from qtpy.QtCore import Qt, QTimer

pytestmark = pytest.mark.benchmark
WAIT = 120_000


def test_20000_cells(make_napari_viewer, qtbot, capsys):
    side, step = 4096, 28
    cells = np.zeros((side, side), np.uint32)
    for number, (top, left) in enumerate(np.ndindex(141, 141), 1):
        cells[top * step + 2 : top * step + 24, left * step + 3 : left * step + 20 + number % 7] = number
    viewer = make_napari_viewer()
    viewer.add_image(np.random.default_rng(0).integers(0, 255, cells.shape, np.uint8))
    layer = viewer.add_labels(cells)
    panel = MeasurePanel(Session(viewer))
    viewer.window.add_dock_widget(panel)
    qtbot.wait(500)
    ticks: list[float] = []
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()

    def told(what, begin, done):
        ticks.clear()
        start, busy = time.perf_counter(), time.thread_time()
        begin()
        qtbot.waitUntil(done, timeout=WAIT)
        wall, busy = time.perf_counter() - start, time.thread_time() - busy
        qtbot.wait(100)
        gaps = np.diff([start, *ticks]) * 1000
        with capsys.disabled():
            sys.stdout.write(
                f"\n{what}: {wall:.2f} s, {busy:.2f} s of the window's processor time; silent for {gaps.max():.0f} ms, "
                f"median {np.median(gaps):.0f} ms"
            )

    idle = lambda: not panel._calculator.busy  # noqa: E731
    told("nothing", lambda: None, lambda: len(ticks) > 100)
    told(f"measuring {cells.max()} cells", panel.measure, lambda: idle() and len(panel._measuring.table) > 0)
    stroke = (np.array([30, 31, 32]), np.array([22, 23, 24]))
    before = panel._measuring.table
    changed = lambda: idle() and panel._measuring.table is not before  # noqa: E731
    told("a stroke", lambda: layer.data_setitem(stroke, 1), changed)
    told("sorting", lambda: panel.cells._view.sortByColumn(1, Qt.SortOrder.DescendingOrder), idle)
    told("a range", lambda: panel.cells._choose_range(380, 450), idle)
    told("to a cell", lambda: panel.cells._view.selectRow(50), idle)
    told("colouring", lambda: panel.cells._colour.setChecked(True), lambda: overlay(viewer, SHADES) is not None)
    panel._calculator.close()

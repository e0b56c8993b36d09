"""What a stroke costs on a large image: time in the window's thread, and bytes written."""

from __future__ import annotations

import statistics
import time
from contextlib import nullcontext

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_cellseg.project import chunks
from napari_cellseg.project.brush import one_thread
from napari_cellseg.project.store import LabelStore
from qtpy.QtWidgets import QApplication

SIDE = 10_000
BRUSH = 20
LENGTH, MOVES = 300, 15
STROKES = 15


def stores(folder):
    import zarr

    chunks.create(folder / "ours.zarr", (SIDE, SIDE), {})
    chunks.create(folder / "plain.zarr", (SIDE, SIDE), {})
    annotated = np.random.default_rng(0).integers(0, 50, (64, 64), np.uint32).repeat(16, 0).repeat(16, 1)
    ours, plain = LabelStore(folder / "ours.zarr"), zarr.open_array(str(folder / "plain.zarr"))
    ours[4000:5024, 4000:5024] = annotated
    plain[4000:5024, 4000:5024] = annotated
    memory = np.zeros((SIDE, SIDE), np.uint32)
    memory[4000:5024, 4000:5024] = annotated
    return {"numpy (nothing is kept)": memory, "LabelStore": ours, "zarr.Array": plain}


@pytest.mark.benchmark
def test_a_stroke_on_10000_by_10000(make_napari_viewer, tmp_path, monkeypatch):
    written = []
    replace = chunks.os.replace
    monkeypatch.setattr(chunks.os, "replace", lambda a, b: (written.append(a.stat().st_size), replace(a, b)))
    viewer = make_napari_viewer(show=True)
    for name, data in stores(tmp_path).items():
        start = time.perf_counter()
        layer = viewer.add_labels(data, name=name)
        QApplication.processEvents()
        print(f"\n{name}: layer added in {time.perf_counter() - start:.1f} s")
        layer.mode, layer.brush_size = "paint", BRUSH
        times = {"drawn": [], "processor": [], "shown": []}
        written.clear()
        for number in range(STROKES):
            layer.selected_label = number + 100
            start, cpu = time.perf_counter(), time.process_time()
            on_its_way = one_thread() if name == "LabelStore" else nullcontext()  # as our layers are painted
            with on_its_way, layer.block_history():  # what napari's mouse callback does
                points = [(4100 + 40 * number, 4200 + LENGTH * k / MOVES) for k in range(MOVES + 1)]
                for here, there in zip([points[0], *points], points, strict=False):
                    layer._draw(layer.selected_label, here, there)
            times["drawn"].append(time.perf_counter() - start)
            times["processor"].append(time.process_time() - cpu)
            QApplication.processEvents()
            times["shown"].append(time.perf_counter() - start)
        told = ", ".join(f"{what} {1000 * statistics.median(found):.1f} ms" for what, found in times.items())
        print(f"{name}: a stroke of {LENGTH} px in {MOVES} moves, brush {BRUSH}: {told} (medians of {STROKES})")
        if name == "LabelStore":
            journal = (data.folder / "strokes.journal").stat().st_size
            data.flush()
            print(
                f"  written a stroke: {sum(written) / STROKES / 1024:.1f} KB of blocks; journal left: {journal} bytes"
            )
            assert min(times["processor"]) < 0.05  # of the stroke that other programs disturbed least
        for what, act in {"undo": layer.undo, "refresh": layer.refresh}.items():
            start = time.perf_counter()
            act()
            print(f"  {what}: {1000 * (time.perf_counter() - start):.0f} ms")
        viewer.layers.clear()

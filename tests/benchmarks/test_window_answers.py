"""How long the window keeps people waiting while a training runs on all cores: `make bench` prints it."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

pytest.importorskip("napari")

from napari_cellseg.project.folder import Project
from napari_cellseg.session import Session
from napari_cellseg.train.panel import TrainPanel
from napari_cellseg.train.preview import LAYER

from cellseg.samples.sample import make_sample
from tests.plugins.napari_cellseg.responsiveness import Watch

pytestmark = pytest.mark.benchmark
MEDIAN_MS, MOST_MS = 16, 100
SECONDS = 20


def test_while_training(make_napari_viewer, qtbot, tmp_path, monkeypatch):
    """A real training with live curves and previews; the sample's cells are annotated whole, so it has scores too."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    made = [make_sample("touching", (512, 512), np.random.default_rng(k)) for k in range(4)]
    paths = [tmp_path / f"{k}.tif" for k in range(4)]
    for path, (image, _) in zip(paths, made, strict=True):
        tifffile.imwrite(path, image)
    project = Project.create(tmp_path / "project", paths)
    for image, (_, cells) in zip(project.images, made, strict=True):
        project.labels(image)[:] = cells.astype(np.uint32) + 1
    viewer = make_napari_viewer(show=True)
    viewer.add_image(made[0][0], name="cells")
    session = Session(viewer)
    session.use_project(project)
    panel = TrainPanel(session)
    viewer.window.add_dock_widget(panel, name="Train")
    panel.form.set_values({"steps": 100_000, "validate_every": 5})
    panel.plan()
    qtbot.waitUntil(lambda: panel.plan_box.isVisibleTo(panel), timeout=200_000)
    panel.start()
    qtbot.waitUntil(lambda: panel.trainer.progress.step > 0, timeout=200_000)
    watch = Watch()
    watch.start()
    qtbot.wait(SECONDS * 1000)
    delays = watch.stop()
    shown = "with" if LAYER in viewer.layers else "without"
    panel.trainer.close()
    print(f"\nwindow while training, {panel.trainer.progress.step} steps, {shown} previews: {delays}")
    assert delays.median <= MEDIAN_MS
    assert delays.maximum <= MOST_MS

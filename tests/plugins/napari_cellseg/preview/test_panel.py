"""The Borders panel in a real window: layers that follow strokes, sliders and the camera."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.camera import camera

import cellseg


@pytest.fixture
def opened(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    image, labels = cellseg.make_sample("touching", (600, 600), np.random.default_rng(0))
    viewer.add_image(image, scale=(0.5, 0.5))
    viewer.add_labels(labels.astype(np.uint32), scale=(0.5, 0.5), name="cells")
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    panel = dock.show_panel("Borders")
    yield viewer, dock, panel
    panel.deformations.sheet.close()


def test_weights_follow(opened, qtbot):
    viewer, dock, panel = opened
    borders, labels = panel.borders, viewer.layers["cells"]
    viewer.layers.selection.active = labels
    borders._show_weights.setChecked(True)
    qtbot.waitUntil(lambda: "border weights" in viewer.layers, timeout=30_000)
    layer = viewer.layers["border weights"]
    assert viewer.layers.selection.active is labels
    assert dock.session.image() is viewer.layers[0]  # not the preview

    def settled():
        timers = borders._soon, borders._still, borders._recount
        assert not any(timer.isActive() for timer in timers)
        assert not any(work.busy for work in (borders._preview, borders._count))

    qtbot.waitUntil(settled, timeout=30_000)
    whole = cellseg.weight_map(labels.data)

    def as_wanted(whole):
        step, (y, x) = borders._shown.window.step, layer.affine.translate / 0.5
        top, left = (round(start - (step - 1) / 2) for start in (y, x))
        wanted = whole[top::step, left::step][: layer.data.shape[0], : layer.data.shape[1]]
        assert step == 1
        assert np.abs(layer.data - wanted).max() < 0.2

    as_wanted(whole)
    corner = tuple(layer.corner_pixels[0])
    camera(viewer).center, camera(viewer).zoom = (200, 180), 6
    qtbot.waitUntil(settled, timeout=30_000)
    assert layer.data.shape != labels.data.shape or tuple(layer.corner_pixels[0]) != corner
    as_wanted(whole)

    gaps = np.argwhere(labels.data == 0)
    y, x = gaps[np.abs(gaps - (400, 360)).sum(axis=1).argmin()]
    labels.data_setitem((np.array([y]), np.array([x])), 9999)
    qtbot.waitUntil(settled, timeout=30_000)
    as_wanted(cellseg.weight_map(labels.data))

    borders.settings.field("w0").value = 30
    borders.settings.field("sigma").value = 8
    qtbot.waitUntil(settled, timeout=30_000)
    as_wanted(cellseg.weight_map(labels.data, 30, 8))
    assert dock.session.training["w0"] == 30

    borders._show_borders.setChecked(True)
    qtbot.waitUntil(lambda: "separating borders" in viewer.layers, timeout=30_000)
    borders._show_borders.setChecked(False)
    assert "separating borders" not in viewer.layers
    viewer.layers.remove(layer)
    assert not borders._show_weights.isChecked()

    borders._show_weights.setChecked(True)
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: "2D" in borders._note.text(), timeout=5_000)


def test_deformations_of_what_is_seen(opened, qtbot):
    _, dock, panel = opened
    section = panel.deformations
    section.form.field("elastic").value = 15
    section.look()
    qtbot.waitUntil(lambda: section.sheet._picture is not None, timeout=30_000)
    before = section.sheet._picture.cacheKey()
    section.draw_others()
    qtbot.waitUntil(lambda: section.sheet._picture.cacheKey() != before, timeout=10_000)
    assert dock.session.training == {"elastic": 15.0, "grid": 3}

"""Projects in a real window: painting lands on disk, undone strokes too, and all comes back."""

from __future__ import annotations

import json
import os
import platform

import numba
import numpy as np
import psutil
import pytest
from napari.layers import Labels
from napari.utils.notifications import notification_manager
from napari_cellseg.pixels.lazy import LazyPixels, pixels_of
from napari_cellseg.project.folder import Project
from napari_cellseg.project.from_layers import create_project
from napari_cellseg.project.layers import layers_of, make_ready, open_project, show_image
from napari_cellseg.project.lock import LOCK_NAME, release
from napari_cellseg.project.store import LabelStore

import cellseg
from cellseg.errors import InputError
from tests.plugins.napari_cellseg.project import strokes


@pytest.fixture(autouse=True)
def released(tmp_path):
    yield
    for lock in tmp_path.rglob(LOCK_NAME):
        release(lock.parent)


def told():
    return [notification.message for notification in notification_manager.records]


def on_disk(project, image):
    return LabelStore(project.labels(image).folder)[...]


def test_strokes_are_painted_on_one_thread(make_napari_viewer, project, monkeypatch):
    threads = []
    write = LabelStore.__setitem__
    monkeypatch.setattr(
        LabelStore, "__setitem__", lambda *change: (threads.append(numba.get_num_threads()), write(*change))
    )
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    viewer = make_napari_viewer(show=True)
    open_project(viewer, project.path)
    layer = viewer.layers["flat annotation"]
    viewer.layers.selection.active = layer
    layer.mode, layer.brush_size = "paint", strokes.BRUSH
    strokes.settle(viewer)
    strokes.stroke(viewer, layer, [(100, column) for column in range(40, 300, 20)])
    assert set(threads) == {1}
    assert numba.get_num_threads() == numba.config.NUMBA_NUM_THREADS


@pytest.mark.filterwarnings("ignore:data shape:UserWarning")
def test_strokes_on_a_plane_larger_than_the_card_takes_are_shown_alone(make_napari_viewer, project, monkeypatch):
    monkeypatch.setattr("napari._vispy.layers.base.get_max_texture_sizes", lambda: (150, 150))  # of 300 x 400 pixels
    viewer = make_napari_viewer(show=True)
    viewer.window.add_plugin_dock_widget("cellseg-unet")
    open_project(viewer, project.path)
    layer = viewer.layers["flat annotation"]
    strokes.settle(viewer)
    layer.mode, layer.brush_size = "paint", 8
    texture = viewer.window._qt_viewer.canvas.layer_to_visual[layer].node._texture
    shown, drawn = [], type(texture).scale_and_set_data
    monkeypatch.setattr(
        type(texture),
        "scale_and_set_data",
        lambda self, data, offset=None, copy=False: (
            shown.append((data.copy(), offset)),
            drawn(self, data, offset, copy),
        ),
    )
    refreshed = []
    monkeypatch.setattr(type(layer), "refresh", lambda self, *_, **__: refreshed.append(self))
    strokes.stroke(viewer, layer, [(100, column) for column in range(40, 300, 20)])
    assert not refreshed, "nobody waits for the whole plane"
    wanted = layer.data[::2, ::3]
    assert wanted.any()
    plane = np.zeros_like(wanted)
    for data, (top, left) in shown:
        plane[top : top + data.shape[0], left : left + data.shape[1]] = data
    np.testing.assert_array_equal(plane, wanted)


def test_paint_undo_redo_fill_and_open_again(make_napari_viewer, project):
    viewer = make_napari_viewer(show=True)
    assert open_project(viewer, project.path) == project
    assert [layer.name for layer in viewer.layers] == ["flat", "flat annotation", "deep", "deep annotation"]
    assert [layer.visible for layer in viewer.layers] == [True, True, False, False]
    flat, deep = project.images
    layer = viewer.layers["flat annotation"]
    assert layer.metadata["cellseg"] == {"project": str(project.path), "image": "flat", "what": "annotation"}
    viewer.layers.selection.active = layer
    layer.mode, layer.brush_size = "paint", strokes.BRUSH
    strokes.settle(viewer)
    assert layer.selected_label == 2
    strokes.stroke(viewer, layer, [(100, column) for column in range(40, 300, 20)])
    painted = on_disk(project, flat)
    assert (painted[100, 60:280] == 2).all()
    assert set(np.unique(painted)) == {0, 2}
    assert painted[130].max() == 0
    np.testing.assert_array_equal(layer._slice.image.raw, painted)
    layer.undo()
    assert on_disk(project, flat).max() == 0
    layer.redo()
    np.testing.assert_array_equal(on_disk(project, flat), painted)
    layer.mode = "erase"
    strokes.settle(viewer)  # its controls may be of another size
    strokes.stroke(viewer, layer, [(100, 150), (100, 200)])
    assert (on_disk(project, flat)[100, 155:195] == 0).all()
    layer.fill((100, 60), 9)
    layer.paint_polygon([(200, 50), (250, 50), (250, 90)], 5)
    layer.data_setitem((np.array([280, 290]), np.array([5, 390])), 4)
    written = on_disk(project, flat)
    assert (written[100, 60], written[240, 55]) == (9, 5)
    assert (written[280, 5], written[290, 390]) == (4, 4)
    np.testing.assert_array_equal(layer._slice.image.raw, written)
    for _ in range(5):
        layer.undo()
    assert on_disk(project, flat).max() == 0

    show_image(viewer, project, deep)
    layer = viewer.layers["deep annotation"]
    viewer.layers.selection.active = layer
    viewer.dims.current_step = (2, 0, 0)
    layer.mode = "paint"
    strokes.stroke(viewer, layer, [(30, column) for column in range(50, 500, 40)])
    stack = on_disk(project, deep)
    assert (stack[2, 30, 60:480] == 2).all()
    assert stack[:2].max() == 0
    layer.n_edit_dimensions = 3
    layer.paint((1, 10, 10), 8)
    assert (on_disk(project, deep)[:, 10, 10] == 8).all()

    viewer.layers.clear()
    open_project(viewer, project.path)
    np.testing.assert_array_equal(np.asarray(viewer.layers["deep annotation"].data), on_disk(project, deep))
    assert viewer.layers["deep annotation"].selected_label == 9


def test_a_project_of_layers(make_napari_viewer, tmp_path):
    viewer = make_napari_viewer()
    with pytest.raises(InputError, match="there is no image to annotate"):
        create_project(viewer, tmp_path / "none")
    assert not (tmp_path / "none").exists()
    rng = np.random.default_rng(1)
    stack = rng.integers(0, 5000, (2, 3, 40, 50), np.uint16)
    viewer.add_image(rng.random((60, 70)), name="made up", scale=(2, 2))
    viewer.add_image(rng.integers(0, 255, (30, 40, 3), np.uint8), rgb=True, name="colours")
    viewer.add_image(stack, name="over time")
    cellseg.write_stack(tmp_path / "file.tif", stack[0])
    viewer.open(tmp_path / "file.tif", plugin="napari")
    viewer.layers.selection.clear()
    project = create_project(viewer, tmp_path / "work")
    assert [(image.name, image.shape) for image in project.images] == [
        ("made_up", (1, 60, 70)),
        ("colours", (1, 30, 40)),
        ("over_time", (6, 40, 50)),
        ("file", (3, 40, 50)),
    ]
    assert sorted(path.name for path in (project.path / "images").iterdir()) == [
        "colours.tif",
        "made_up.tif",
        "over_time.tif",
    ]
    assert project.images[3].path == tmp_path / "file.tif"
    np.testing.assert_array_equal(project.source(project.images[0]).read(0)[0], viewer.layers["made up"].data)
    np.testing.assert_array_equal(project.source(project.images[2]).read(4)[0], stack[1, 1])
    kinds = [[type(layer).__name__ for layer in layers_of(viewer, project, image)] for image in project.images]
    assert kinds == [["Image", "Labels"]] * 4
    np.testing.assert_array_equal(viewer.layers["made_up annotation"].scale, (2, 2))
    assert len(viewer.layers) == 9, "a layer of four axes gets one of planes"
    assert not viewer.layers["over time"].visible
    viewer.layers.clear()
    again = open_project(viewer, project.path)
    assert again == project
    assert viewer.layers["colours"].rgb


def test_dropped_and_in_use_and_missing(make_napari_viewer, project, tmp_path, qtbot, monkeypatch):
    run = project.new_run()
    (run / "config.json").write_text("{}")
    (run / "model.safetensors").touch()
    results = project.predictions / "flat"
    cellseg.write_stack(results / "instances.tif", np.full((300, 400), 3, np.uint16))
    cellseg.write_stack(results / "probabilities.tif", np.ones((2, 300, 400), np.float32), "CYX")
    (tmp_path / "deep.ome.tif").rename(tmp_path / "hidden.tif")
    viewer = make_napari_viewer()
    viewer.open(project.path, plugin="cellseg-unet")
    names = ["flat", "flat probabilities", "flat instances", "flat annotation", "deep annotation"]
    assert [layer.name for layer in viewer.layers] == names
    assert "deep.ome.tif: the image deep is not there any more; its annotation is safe." in told()[-1]
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    assert dock.session.project == Project.open(project.path)
    assert dock.session.model == str(run)
    from napari_cellseg.project import commands

    asked = iter([str(tmp_path / "flat.tif"), str(tmp_path / "hidden.tif")])
    monkeypatch.setattr(commands.QFileDialog, "getOpenFileName", lambda *_: (next(asked), ""))
    commands.find_images(viewer)
    assert "the annotated image deep has" in told()[-1]
    commands.find_images(viewer)
    assert [layer.name for layer in viewer.layers] == [*names[:4], "deep", "deep annotation"]
    qtbot.wait(10)  # the dock that the reader opens is there already

    release(project.path)
    other = psutil.Process(os.getppid())
    holder = {"pid": other.pid, "started": other.create_time(), "host": platform.node()}
    (project.path / LOCK_NAME).write_text(json.dumps(holder))
    viewer.layers.clear()
    second = open_project(viewer, project.path)
    assert not second.writable
    assert "can only be looked at: another window has it open" in told()[-1]
    layer = viewer.layers["flat annotation"]
    assert not layer.editable
    with pytest.raises(InputError, match="open in another window"):
        layer.data[0, 0] = 1


def test_large_images_are_read_where_one_looks(project, monkeypatch):
    monkeypatch.setattr("napari_cellseg.pixels.lazy.LARGE", 1000)
    source = project.source(project.images[1])
    lazy = pixels_of(source, 0)
    assert isinstance(lazy, LazyPixels)
    whole = np.stack([source.read(plane)[0] for plane in range(3)])
    for key in [1, (..., 5), (slice(None), slice(3, 60, 7), slice(None, None, -9)), (2, 5, 6), slice(0, 0)]:
        np.testing.assert_array_equal(lazy[key], whole[key])
    np.testing.assert_array_equal(np.asarray(lazy), whole)


def test_a_copy_of_the_layer_paints_elsewhere(project):
    from copy import deepcopy

    labels = project.labels(project.images[0])
    layer = Labels(deepcopy(labels))
    layer.paint((50, 50), 3)
    assert labels.max() == 0


def test_a_stroke_reads_no_plane_of_a_stack(project, monkeypatch):
    image = project.images[1]
    layer = Labels(project.labels(image))
    make_ready(layer)
    read, shapes = type(layer.data).__getitem__, []

    def noted(store, key):
        values = read(store, key)
        shapes.append(np.shape(values))
        return values

    monkeypatch.setattr(type(layer.data), "__getitem__", noted)
    layer.brush_size, layer.selected_label = 5, 9
    layer.paint((1, 30, 40), 9)
    assert layer.data[1, 30, 40] == 9
    assert shapes
    assert max(np.prod(shape) for shape in shapes) < 100
    with pytest.raises(ValueError, match="uint32"):
        layer.selected_label = 2**32

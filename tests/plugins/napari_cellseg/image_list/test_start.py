"""The start page and its list in a real window."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari_cellseg.project.folder import Project
from napari_cellseg.project.lock import LOCK_NAME, release
from qtpy.QtCore import Qt
from qtpy.QtGui import QDesktopServices
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

import cellseg
from tests.plugins.napari_cellseg.hand import Hand

MANY = 24
WAIT = 120_000


@pytest.fixture(autouse=True)
def released(tmp_path):
    yield
    for lock in tmp_path.rglob(LOCK_NAME):
        release(lock.parent)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for number in range(MANY):
        tifffile.imwrite(tmp_path / "images" / f"t{number}.tif", np.full((40, 50), number, np.uint8))
    return tmp_path / "images"


def shown(viewer):
    return [layer.name for layer in viewer.layers if layer.visible]


def click(panel, row):
    rectangle = panel.list.visualItemRect(panel.list.item(row))
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=rectangle.center())


def test_a_folder_then_a_project_of_it_then_more_images(make_napari_viewer, qtbot, folder, tmp_path, monkeypatch):
    viewer = make_napari_viewer(show=True)
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    panel = dock.panel("Start")
    assert panel.isVisibleTo(dock), "it is what is seen first"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    panel.folder.click()
    qtbot.waitUntil(lambda: panel.list.count() == MANY, timeout=WAIT)
    assert shown(viewer) == ["t0.tif"]
    assert panel.words.text() == f"{MANY} images"
    click(panel, 2)
    assert shown(viewer) == ["t2.tif"]
    Hand(viewer, qtbot).press("PageDown")
    assert shown(viewer) == ["t3.tif"]
    for _ in range(6):
        panel.back.click()
    assert shown(viewer) == [f"t{MANY - 3}.tif"], "from the first to the last"
    assert len(viewer.layers) <= 5, "those that were left long ago are closed"
    qtbot.waitUntil(lambda: len(panel.list._icons) >= 4 and panel.list._waiting is None, timeout=WAIT)
    assert len(panel.list._icons) < MANY, "thumbnails are made of rows that are seen"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "work"), ""))
    panel.teach.click()
    project = dock.session.project
    assert len(project.images) == MANY
    assert not (project.path / "images").exists(), "files are referred to"
    assert dock.panel("Annotate").isVisibleTo(dock)
    dock.show_panel("Start")
    qtbot.waitUntil(lambda: panel.words.text() == f"{MANY} images of the project work", timeout=WAIT)
    assert len(shown(viewer)) == 2
    click(panel, 1)
    names = [entry.name for entry in panel.stage.entries]
    assert shown(viewer)[1:] == [f"{names[1]} annotation"]
    tifffile.imwrite(tmp_path / "new.tif", np.zeros((40, 50), np.uint8))
    (tmp_path / "broken.tif").write_bytes(b"no image")
    panel.open_paths([tmp_path / "new.tif", tmp_path / "broken.tif", folder / "t1.tif"])
    qtbot.waitUntil(lambda: panel.list.count() == MANY + 1, timeout=WAIT)
    assert [image.name for image in Project.open(project.path).images][-1] == "new"
    assert dock.panel("Annotate").project.images.count() == MANY + 1


def test_channels_of_a_file_are_one_image_with_one_annotation(make_napari_viewer, qtbot, tmp_path):
    from napari_cellseg.commands import open_all

    two = np.random.default_rng(0).integers(0, 4000, (2, 40, 50)).astype(np.uint16)
    cellseg.write_stack(tmp_path / "two.tif", two, "CYX", channel_names=("nuclei", "walls"))
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros((30, 20, 3), np.uint8), photometric="rgb")
    viewer = make_napari_viewer()
    open_all(viewer, [tmp_path / "two.tif", tmp_path / "rgb.tif"])
    assert [layer.name for layer in viewer.layers] == ["two.tif nuclei", "two.tif walls", "rgb.tif"]
    assert viewer.layers["rgb.tif"].rgb
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    assert [entry.name for entry in dock.panel("Start").stage.entries] == ["two.tif", "rgb.tif"]
    images = dock.panel("Segment").begin.images
    assert [images.item(row).text() for row in range(images.count())] == ["two.tif", "rgb.tif"]
    viewer.layers.selection.active = viewer.layers["two.tif walls"]
    from napari_cellseg.project.from_layers import create_project

    project = create_project(viewer, tmp_path / "work")
    assert [(image.name, image.path) for image in project.images] == [("two", tmp_path / "two.tif")]
    assert [layer.name for layer in viewer.layers if "annotation" in layer.name] == ["two annotation"]
    assert [layer.metadata["cellseg"].get("channel") for layer in viewer.layers][:2] == [0, 1]

    viewer.layers.clear()
    changed = make_changed(viewer, tmp_path / "two.tif")
    copied = create_project(viewer, tmp_path / "copied").images[0]
    assert copied.path.parent == tmp_path / "copied" / "images"
    np.testing.assert_array_equal(cellseg.open_image(copied.path).read(0), changed)


def make_changed(viewer, path):
    """Open a file and change one of its channels."""
    from napari_cellseg.commands import open_images

    open_images(viewer, [path])
    layer = viewer.layers["two.tif walls"]
    layer.data = np.asarray(layer.data) + 1
    return np.stack([np.asarray(layer.data) for layer in viewer.layers])


def test_nuclei_in_one_click_then_several_images_into_a_folder(make_napari_viewer, qtbot, tmp_path, monkeypatch):
    y, x = np.mgrid[:96, :96]
    for number in range(3):
        disc = ((y - 48) ** 2 + (x - 40 - 8 * number) ** 2 < 150) * 150
        tifffile.imwrite(tmp_path / f"n{number}.tif", (20 + disc).astype(np.uint8))
    viewer = make_napari_viewer(show=True)
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    panel, segment = dock.panel("Start"), dock.panel("Segment")
    panel.open_paths([tmp_path / f"n{number}.tif" for number in range(3)])
    panel.find.click()
    qtbot.waitUntil(lambda: "n0.tif: cells" in viewer.layers and not segment.controller.busy, timeout=WAIT)
    assert int(np.max(viewer.layers["n0.tif: cells"].data)) == 1
    (reason,) = dock.reasons_to_stay()
    assert "n0.tif: cells" in reason
    cellseg.convert(
        np.asarray(viewer.layers["n0.tif: cells"].data) * 5, tmp_path / "n0.geojson", labels_are="instances"
    )
    panel.open_paths([tmp_path / "n0.geojson"])
    assert int(np.max(viewer.layers["n0.tif: n0.geojson"].data)) == 5
    viewer.layers.remove("n0.tif: n0.geojson")
    segment.save_as(tmp_path / "saved.tif")
    qtbot.waitUntil(lambda: not dock.reasons_to_stay(), timeout=WAIT)

    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    segment.begin.images.tick_all()
    assert segment.begin.start.text() == "Segment 3 images into a folder…"
    before = len(viewer.layers)
    segment.begin.start.click()
    qtbot.waitUntil(lambda: (out / "cells.csv").exists() and not segment.controller.busy, timeout=WAIT)
    assert sorted(path.name for path in out.glob("*.tif")) == ["n0.tif", "n1.tif", "n2.tif"]
    rows = (out / "cells.csv").read_text().splitlines()
    assert len(rows) == 4, "a heading, and a cell an image"
    qtbot.waitUntil(lambda: len(viewer.layers) == before + 1, timeout=WAIT)  # the cells of the image that is seen
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    segment.begin.report.click()
    assert opened == [str(out / "report.html")]
    assert "n2.tif" in (out / "report.html").read_text("utf-8")
    segment._service.close()


def test_an_interrupted_training_goes_on_with_one_click(make_napari_viewer, qtbot, folder, tmp_path, monkeypatch):
    from napari_cellseg.train.trainer import Trainer

    project = Project.create(tmp_path / "work", [folder / "t1.tif"])
    run = project.new_run()
    (run / "config.json").write_text('{"images": "", "options": {"train": {"steps": 9}}}')
    (run / "last.ckpt").write_bytes(b"state")
    begun = []
    monkeypatch.setattr(Trainer, "resume", lambda _, run, words: begun.append((run, words)))
    viewer = make_napari_viewer()
    dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
    panel = dock.panel("Start")
    assert not panel.go_on.isVisibleTo(panel), "no project is open"
    panel.open_paths([project.path])
    qtbot.waitUntil(lambda: panel.go_on.isVisibleTo(panel), timeout=WAIT)
    assert panel.go_on.text() == "Continue the training 001 (interrupted at step 0 of 9)"
    panel.go_on.click()
    assert begun == [(run, ["--out", str(run), "--resume"])]
    assert dock.panel("Train").isVisibleTo(dock)

"""The whole way in one window, by hand; then that program is killed, and another window finds all of it.

Run as a program, this file is the window that is killed:

    python -m tests.plugins.napari_cellseg.test_killed_window FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
from qtpy.QtTest import QTest

from tests.plugins.napari_cellseg.user import User, inside

SMALL = {"base": 8, "depth": 2, "tile": 64, "batch": 1, "validate_every": 20, "steps": 20}
"""Options of a training that takes seconds; the recipe stays `quick`."""
BRUSH = 9
PLANE = 1
GONE_WITHIN_S = 30


def work(folder: Path) -> None:
    """Annotate, train, segment, correct, train again and save; then paint a last stroke and wait to be killed."""
    import napari

    viewer = napari.Viewer(show=True)
    viewer.window.resize(900, 600)
    viewer.open_sample("cellseg-unet", "touching")
    user = User(viewer)
    true = viewer.layers["touching labels"]
    true.visible = False
    assert viewer.dims.current_step[0] == PLANE

    annotation = user.new_project(folder / "project")
    annotation.brush_size = BRUSH
    painted = paint(user, annotation, true.data[PLANE])
    user.dock.panel("Train").monitor.live.setChecked(False)
    first = user.train(**SMALL)

    cells = user.segment()
    user.choose_size(cells, 50)
    number, sizes = int(cells.data.max()), np.bincount(cells.data[PLANE].ravel())
    deleted = int(sizes[1:].argmax()) + 1
    found = np.argwhere(cells.data[PLANE] == deleted)
    user.delete_cell(cells, found[len(found) // 2])
    assert not (cells.data[PLANE] == deleted).any()

    segment, before = user.dock.show_panel("Segment"), annotation.data.changes
    user.click(segment.correct.use)
    user.wait(lambda: annotation.data.changes > before)
    user.wait(lambda: user.dock.session.project.kept(user.dock.session.project.images[0]))
    taken = len(np.unique(annotation.data[PLANE])) - 2
    user.click(segment.correct.again)

    train = user.dock.panel("Train")
    assert train.isVisible()
    user.choose(train.data.start, 1)
    again = user.train(steps=10)
    assert json.loads((again / "config.json").read_text())["from"], "it went on from the first model"

    cells = user.segment()
    user.save(folder / "cells.tif")

    viewer.layers.selection.active = annotation
    annotation.brush_size = BRUSH
    last = user.paint_cell(annotation, [(20, 100), (20, 400)])
    np.savez(folder / "seen.npz", annotation=annotation.data[:], cells=cells.data)
    told = {"painted": painted, "last": last, "cells": number, "taken": taken, "runs": [str(first), str(again)]}
    print(json.dumps(told), flush=True)
    while True:
        QTest.qWait(1000)


def paint(user: User, annotation, true) -> list[int]:
    """A stroke in each of some cells, and two on the background."""
    sizes = np.bincount(true.ravel())
    sizes[0] = 0
    painted = []
    for cell in np.argsort(sizes)[-4:]:
        (line,) = inside(true == cell, BRUSH // 2)
        painted.append(user.paint_cell(annotation, [line[0], line[-1]]))
    free = true == 0
    for _ in range(2):
        (line,) = inside(free, BRUSH // 2)
        user.paint_background(annotation, [line[0], line[-1]])
        free[line[0][0] - 40 : line[0][0] + 40] = False
    plane = annotation.data[PLANE]
    assert ((plane > 1) == (true > 0))[plane > 0].all(), "the hand painted where it meant to"
    assert set(np.unique(plane)) == {0, 1, *painted}
    return painted


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_killed_window_loses_nothing(make_napari_viewer, qtbot, tmp_path):
    window = subprocess.Popen([sys.executable, "-m", __spec__.name, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    told = json.loads(next(line for line in window.stdout if line.startswith("{")))
    children = psutil.Process(window.pid).children(recursive=True)
    window.kill()
    window.wait()
    window.stdout.close()
    _, left = psutil.wait_procs(children, GONE_WITHIN_S)
    assert not left, "its children end with it"
    seen = np.load(tmp_path / "seen.npz")
    assert told["cells"] > 0
    assert len(told["painted"]) == 4
    assert told["taken"] > 4
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "cells.tif"), seen["cells"])

    viewer = make_napari_viewer()
    viewer.open(str(tmp_path / "project" / "project.json"), plugin="cellseg-unet")
    user = User(viewer)
    qtbot.waitUntil(lambda: user.dock.session.model != "")
    layers = {layer.metadata["cellseg"]["what"]: layer for layer in viewer.layers if "cellseg" in layer.metadata}
    np.testing.assert_array_equal(layers["annotation"].data[:], seen["annotation"])
    assert (layers["annotation"].data[PLANE, 20, 150:350] == told["last"]).all()
    assert user.dock.session.model == told["runs"][1]
    assert [str(run) for run in user.dock.session.project.runs] == told["runs"][::-1]
    np.testing.assert_array_equal(layers["instances"].data, seen["cells"])


if __name__ == "__main__":
    work(Path(sys.argv[1]))

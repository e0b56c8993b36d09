"""The whole way in one window, and a program killed after it: nothing is lost."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import tifffile
from napari_cellseg.project.lock import release

from tests.plugins.napari_cellseg.whole_way import Way

SMALL = {"base": 4, "depth": 2, "tile": 60, "batch": 2, "steps": 40, "validate_every": 20}
OPEN = """
import os, signal, sys
from pathlib import Path
import numpy as np
from napari_cellseg.project.folder import Project
project = Project.open(Path(sys.argv[1]))
labels = project.labels(project.images[0])
"""
PAINT_AND_DIE = f"""{OPEN}
labels[0:3, 0:3] = 777
os.kill(os.getpid(), signal.SIGKILL)
"""
TELL = f"""{OPEN}
np.save(sys.argv[2], labels[:])
print(project.runs[0])
print((project.predictions / project.images[0].name).is_dir())
"""


def test_paint_train_segment_correct_train_again_save_and_open_after_a_kill(make_napari_viewer, qtbot, tmp_path):
    way = Way(make_napari_viewer(show=True), qtbot, tmp_path)
    way.begin("touching", 192)
    way.paint(5)
    assert len(np.unique(way.annotation.data[:])) == 7  # 0, 1 and five cells
    way.train(**SMALL)
    way.segment()
    left = way.correct()
    way.train_again(**SMALL)
    assert [run.name for run in way.project.runs] == ["002", "001"]
    way.save(tmp_path / "cells.tif")
    assert tifffile.imread(tmp_path / "cells.tif").shape == (192, 192)
    annotated, model = np.array(way.annotation.data[:]), way.dock.session.model
    assert len(np.unique(annotated)) >= left

    way.close()
    release(way.project.path)  # as when the program ends
    died = run_python(PAINT_AND_DIE, way.project.path)
    assert died.returncode == -9, died.stderr
    told = run_python(TELL, way.project.path, tmp_path / "again.npy")
    assert told.stdout.splitlines() == [model, "True"], told.stderr
    annotated[0:3, 0:3] = 777
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), annotated)


def run_python(code, *arguments):
    """A program of its own."""
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)

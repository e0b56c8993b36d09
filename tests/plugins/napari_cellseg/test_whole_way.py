"""The whole way in one window, killed at its end: nothing is lost."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import tifffile
from napari_cellseg.project.folder import Project
from napari_cellseg.project.lock import release

from tests.plugins.napari_cellseg.whole_way import Way

SMALL = {"base": 4, "depth": 2, "tile": 60, "batch": 2, "steps": 40, "validate_every": 20}
OPEN_AND_DIE = """
import os, signal, sys
from pathlib import Path
from napari_cellseg.project.folder import Project
from napari_cellseg.project.lock import release
project = Project.open(Path(sys.argv[1]))
project.labels(project.images[0])[0:3, 0:3] = 777
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_paint_train_segment_correct_train_again_save_and_open_after_a_kill(make_napari_viewer, qtbot, tmp_path):
    way = Way(make_napari_viewer(show=True), qtbot, tmp_path)
    way.begin("touching", 192)
    way.paint(5)
    painted = np.array(way.annotation.data[:])
    assert len(np.unique(painted)) == 7  # 0, 1 and five cells
    way.train(**SMALL)
    way.segment()
    left = way.correct()
    way.train_again(**SMALL)
    assert [run.name for run in way.project.runs] == ["002", "001"]
    way.save(tmp_path / "cells.tif")
    assert tifffile.imread(tmp_path / "cells.tif").shape == (192, 192)
    annotated = np.array(way.annotation.data[:])
    assert len(np.unique(annotated)) >= left
    model = way.dock.session.model

    way.close()
    release(way.project.path)  # as when the program ends
    died = subprocess.run([sys.executable, "-c", OPEN_AND_DIE, str(way.project.path)], capture_output=True)
    assert died.returncode == -9, died.stderr.decode()
    again = Project.open(way.project.path)
    annotated[0:3, 0:3] = 777
    np.testing.assert_array_equal(again.labels(again.images[0])[:], annotated)
    assert str(again.runs[0]) == model
    assert (again.predictions / again.images[0].name).is_dir()

"""Whoever kills the program while a hand paints loses the stroke in progress at most."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from napari_cellseg.pixels.pyramid import Pyramid
from napari_cellseg.project.folder import Project
from napari_cellseg.project.lock import claim, release
from napari_cellseg.project.recovery import leave, mark_saved, recovery_place, unsaved_of
from napari_cellseg.project.store import LabelStore

import cellseg
from tests.plugins.napari_cellseg.project import strokes


def paint_and_kill(project, way, after):
    """Let a program paint, kill it `after` seconds after its first stroke; the strokes that it finished."""
    command = [sys.executable, strokes.__file__, way, str(project.path)]
    painter = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    first = painter.stdout.readline()
    time.sleep(after)
    painter.kill()
    rest, _ = painter.communicate()
    return [int(text.split()[1]) for text in [first, *rest.splitlines()] if text.startswith("done ")]


def check_kills(project, way, moments, found=0):
    """`found`: a number that the labels have before the first stroke."""
    finished, begun = [], {0, found}
    for after in moments:
        finished += paint_and_kill(project, way, after)
        begun |= {*finished, finished[-1] + 1}
        again = Project.open(project.path)
        assert claim(again.path) is None, "the lock of a dead program means nothing"
        release(again.path)
        store = strokes.cells_of(again) if way == "cells" else LabelStore(again.labels(again.images[0]).folder)
        painted = store[...]
        lines = {
            line[0]: (label, line) for label in sorted(begun - {0}) if (line := strokes.line(label, painted.shape))
        }
        for label, line in lines.values():  # the last stroke on each row
            row = painted[line[0][0], line[1][1] : line[-2][1]]
            assert label not in finished or (row == label).all(), f"stroke {label}"
        assert set(np.unique(painted)) <= begun
    assert finished == sorted(set(finished))
    return finished


def test_two_kills(project):
    assert len(check_kills(project, "layer", [0.05, 0.13])) >= 2


def test_a_kill_while_a_result_is_corrected(project):
    found = np.zeros((300, 400), np.uint16)
    found[280:] = 1
    cellseg.write_stack(project.predictions / "flat" / "instances.tif", found)
    assert check_kills(project, "cells", [0.1], found=1)
    np.testing.assert_array_equal(strokes.cells_of(project)[290:], 1)
    np.testing.assert_array_equal(tifffile.imread(project.predictions / "flat" / "instances.tif"), found)


def check_recovery(image, moments):
    """Kill a program that corrects a result in no project: what it had finished is offered, and is all there."""
    folder, finished, in_progress = recovery_place(image), [], set()
    cells = Pyramid(folder / ".probabilities.tiles" / "pictures" / "cells-1", (), 300, 400, np.uint32)
    cells.put(0, 0, 0, np.zeros((300, 400), np.uint32))
    cells.finish()
    assert unsaved_of(image) is None, "nothing was drawn"
    for after in moments:
        release(folder)
        finished += paint_and_kill(SimpleNamespace(path=image), "recovered", after)
        in_progress.add(finished[-1] + 1)
        assert unsaved_of(image) == folder
        painted = strokes.recovered_cells(folder)[...]
        lines = {line[0]: (label, line) for label in finished if (line := strokes.line(label, painted.shape))}
        for label, line in lines.values():  # the last stroke on each row
            row = painted[line[0][0], line[1][1] : line[-2][1]]
            newer = {number for number in in_progress if number > label}  # of this kill, or of one before
            assert set(row.tolist()) <= {label, *newer}, f"stroke {label}"
    mark_saved(folder)
    assert unsaved_of(image) is None
    leave(folder)
    assert not folder.exists(), "what was saved is cleared away"
    return finished


def test_two_kills_while_a_result_in_no_project_is_corrected(tmp_path):
    assert len(check_recovery(tmp_path / "image.tif", [0.05, 0.1])) >= 2


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_twenty_kills_while_a_result_in_no_project_is_corrected(tmp_path):
    finished = check_recovery(tmp_path / "image.tif", np.random.default_rng(7).uniform(0, 1.2, 20))
    print(f"\n20 kills: {len(finished)} strokes were finished, none lost")


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_twenty_kills(project):
    finished = check_kills(project, "window", np.random.default_rng(20).uniform(0, 1.2, 20))
    print(f"\n20 kills: {len(finished)} strokes were finished, none lost")
    assert not [part for part in Path(project.path).rglob("*.part") if part.parent.name == "history"]

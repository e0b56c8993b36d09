"""The simulated annotator paints inside cells and in gaps, and takes predicted cells, the same with the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

pytest.importorskip("napari")

from napari_cellseg.project.folder import Project
from simulated_annotator import Habits, SimulatedAnnotator, drags

from cellseg.samples.sample import make_sample


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A project of two images of drawn cells, and their truth by name."""
    monkeypatch.setenv("CELLSEG_STATE", str(tmp_path / "state"))
    truths = {}
    for name in ("one", "two"):
        image, cells = make_sample("blobs", (128, 128), np.random.default_rng(len(truths)))
        tifffile.imwrite(tmp_path / f"{name}.tif", image)
        truths[name] = cells[None].astype(np.uint32)
    return Project.create(tmp_path / "project", [tmp_path / f"{name}.tif" for name in truths]), truths


def _annotation(project):
    return {image.name: np.asarray(project.labels(image)) for image in project.annotated}


def test_painting(drawn):
    project, truths = drawn
    annotator = SimulatedAnnotator(project, truths, Habits(seed=1))
    annotator.work(12)
    assert (annotator.strokes, annotator.painted, annotator.taken) == (12, 12, 0)
    seen = [(labels, truths[name][0]) for name, labels in _annotation(project).items()]
    cells = sum(int((labels > 1).sum()) for labels, _ in seen)
    right = sum(int(((labels > 1) & (truth > 0)).sum()) for labels, truth in seen)
    gaps = sum(int((labels == 1).sum()) for labels, _ in seen)
    free = sum(int(((labels == 1) & (truth == 0)).sum()) for labels, truth in seen)
    assert sum(len(np.unique(labels[labels > 1])) for labels, _ in seen) == annotator.cells >= 5
    assert right > 0.9 * cells > 0
    assert free > 0.9 * gaps > 0


def test_same_seed_same_strokes(drawn, tmp_path):
    project, truths = drawn
    again = Project.create(tmp_path / "again", [image.path for image in project.images])
    for each in (project, again):
        SimulatedAnnotator(each, truths, Habits(next_place=False, seed=3)).work(6)
    one, other = _annotation(project), _annotation(again)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_accepting_takes_more_cells_a_stroke(drawn):
    """With the truth as the prediction no cell is painted, and a drag takes several whole."""
    project, truths = drawn
    annotator = SimulatedAnnotator(project, truths, Habits(accepts=True), predict=truths.get)
    annotator.work(6)
    labels = _annotation(project)
    assert annotator.cells > annotator.taken > 0
    for name, each in labels.items():
        taken = [truths[name][0][each == k] for k in np.unique(each[each > 1])]
        assert all(len(np.unique(true)) == 1 and true[0] for true in taken)


def test_drags_cross_no_wrong_cell():
    found = np.zeros((9, 30), int)
    for k, left in enumerate((1, 8, 15, 22), 1):
        found[3:7, left : left + 4] = k
    (first, second) = drags(found, [1, 2, 4])
    assert {int(found[at]) for at in first} == {0, 1, 2}
    assert {int(found[at]) for at in second} == {4}

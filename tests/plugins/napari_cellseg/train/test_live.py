"""The live loop: rounds follow corrections, the child goes on where it was, and its cells can be taken."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari_cellseg.annotate import accepting
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.places import predicted_of
from napari_cellseg.annotation import LIVE, is_annotation, what_of
from napari_cellseg.project.cell_sizes import smallest_cell
from napari_cellseg.project.class_colours import shown_classes
from napari_cellseg.project.layers import show_image
from napari_cellseg.session import Session
from napari_cellseg.train import live
from napari_cellseg.train.field import PlaneRegion
from napari_cellseg.train.live import LiveLoop, LiveOptions, Rounds
from napari_cellseg.train.live_cells import show_live_cells
from napari_cellseg.train.live_worker import Learner
from qtpy.QtCore import QObject, Signal

import cellseg

from .conftest import TINY

ROUND = {"tile": 32, "batch": 1, "steps": 2, "validation": 0, "best_by": "last", "save_every": 0, "threads": 1}
NEW = {**ROUND, "base": TINY["base"], "depth": TINY["depth"], "recipe": "quick"}
ON = {**ROUND, "recipe": "quick"}
WAIT = 60_000


class Child(QObject):
    """Stands for the child: it answers at once that it found one cell in the corner."""

    told, died = Signal(dict), Signal(str)

    def __init__(self, _module):
        super().__init__()
        self.orders = []

    def send(self, order):
        self.orders.append(order)
        cells = np.zeros(np.load(order["image"]).shape[-2:], np.uint32)
        cells[:20, :30] = 1
        np.save(order["out"], cells)
        self.told.emit({"event": "learnt", "file": order["out"], "cells": 1, "steps": 2 * len(self.orders)})

    def close(self):
        self.orders.append("closed")


def test_rounds_follow_a_correction_until_all_is_learnt():
    rounds = Rounds()
    assert not rounds.begin(), "nothing is to be learnt"
    rounds.corrected()
    assert rounds.begin()
    assert not rounds.begin(), "one at a time"
    for _ in range(live.ROUNDS - 1):
        rounds.ended(well=True)
        assert rounds.begin()
    rounds.ended(well=True)
    assert not rounds.begin()
    rounds.corrected()
    rounds.begin()
    rounds.ended(well=False)
    assert not rounds.begin(), "what failed fails again until something changes"


def test_the_child_goes_on_with_its_own_network(project, sample, tmp_path):
    np.save(tmp_path / "field.npy", sample[0][:96, :80])
    files = {"image": str(tmp_path / "field.npy"), "out": str(tmp_path / "cells.npy")}
    order = {"project": str(project.path), "folder": str(tmp_path / "live"), "start": "", "new": NEW, "on": ON, **files}
    learner = Learner()
    model = tmp_path / "live" / "model.safetensors"
    first = learner.learn(order)
    before = cellseg.load(model).network.state_dict()
    second = learner.learn({**order, "new": {}})  # it is not asked for any more
    assert (first["steps"], second["steps"]) == (2, 4)
    cells = np.load(second["file"])
    assert cells.shape == (96, 80)
    assert (np.unique(cells[cells > 0], return_counts=True)[1] >= smallest_cell(project)).all()
    after = cellseg.load(model).network.state_dict()
    assert before.keys() == after.keys()
    assert any(not before[name].equal(after[name]) for name in before)


def test_classes_are_learnt_and_told(project, sample, tmp_path):
    names = ("round", "long")
    project = project.with_classes(names)
    image = project.images[0]
    numbers = [int(n) for n in np.unique(project.labels(image)[...]) if n >= 2]
    planes = range(image.shape[0])
    project.cell_classes(image).give({(plane, n): 1 + n % 2 for n in numbers for plane in planes})
    np.save(tmp_path / "field.npy", sample[0][:96, :80])
    files = {"image": str(tmp_path / "field.npy"), "out": str(tmp_path / "cells.npy"), "plane": 3}
    order = {"project": str(project.path), "folder": str(tmp_path / "live"), "start": "", "new": NEW, "on": ON, **files}
    Learner().learn(order)
    assert cellseg.load(tmp_path / "live" / "model.safetensors").card.class_names == ("background", *names)
    cells, found = np.load(tmp_path / "cells.npy"), cellseg.CellClasses.beside(tmp_path / "cells.npy")
    numbers = np.unique(cells[cells > 0])
    assert (found.of(numbers, [3]) > 0).all()
    assert not found.of(numbers, [0]).any()

    viewer = ViewerModel()
    show_image(viewer, project, image)
    layer = next(each for each in viewer.layers if what_of(each) == "image")
    stack = PlaneRegion((0,) * (layer.ndim - 2), slice(0, 96), slice(0, 80))
    show_live_cells(viewer, layer, stack, tmp_path / "cells.npy")
    (shown,) = (each for each in viewer.layers if what_of(each) == LIVE)
    assert shown_classes(shown).names == names


@pytest.fixture
def loop(make_napari_viewer, project, monkeypatch):
    monkeypatch.setattr(live, "Service", Child)
    viewer = make_napari_viewer()
    show_image(viewer, project, project.images[0])
    session = Session(viewer)
    session.use_project(project)
    made = LiveLoop(session, LiveOptions(NEW, ON))
    yield made
    made.close()


def test_its_cells_are_taken_and_strokes_begin_new_rounds(loop, qtbot):
    viewer, said = loop._session.viewer, []
    loop.said.connect(said.append)
    (layer,) = filter(is_annotation, viewer.layers)
    viewer.layers.selection.active = layer
    loop.turn(True)
    child = loop._service
    qtbot.waitUntil(lambda: len(child.orders) == live.ROUNDS, timeout=WAIT)
    assert said[-1] == f"{2 * live.ROUNDS} steps; 1 cells in what is seen. T takes them."
    (cells,) = (each for each in viewer.layers if what_of(each) == LIVE)
    assert viewer.layers.selection.active is layer, "who paints goes on painting"
    target = AnnotatedLayer(layer)
    list(target.index.build())
    target.layer.data[:20, :30] = 0
    number = target.index.free_number()
    told = accepting.put(target, 0, predicted_of(list(viewer.layers), target).data, [(5, 5)], no_cell=False).words
    assert told.startswith("1 cell taken")
    assert (layer.data[:20, :30] == number).all()
    assert cells.data[30:].max() == 0

    loop._session.signals.annotation_changed.emit(layer)
    qtbot.waitUntil(lambda: len(child.orders) > live.ROUNDS, timeout=WAIT)
    loop.turn(False)
    assert loop._session.model == loop.model
    assert child.orders[-1] == "closed"


def test_an_image_in_no_project_is_told(loop, qtbot):
    said = []
    loop.said.connect(said.append)
    loop._session.viewer.layers.selection.active = loop._session.viewer.add_image(np.zeros((8, 8)), name="loose")
    loop.turn(True)
    assert said == [str(cellseg.InputError(live.NO_IMAGE))]


@pytest.mark.slow
def test_a_real_child_learns(make_napari_viewer, project, qtbot):
    """It takes seconds to begin; the child of the other tests does not train."""
    viewer = make_napari_viewer()
    show_image(viewer, project, project.images[0])
    session, said = Session(viewer), []
    session.use_project(project)
    loop = LiveLoop(session, LiveOptions(NEW, ON))
    loop.said.connect(said.append)
    loop.turn(True)
    qtbot.waitUntil(lambda: any("4 steps" in words for words in said), timeout=3 * WAIT)
    loop.close()

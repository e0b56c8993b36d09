"""What the panel for training decides, with no window and no child."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from napari_cellseg.train.controller import NO_LAYERS, TrainController
from napari_cellseg.train.wishes import Wishes
from napari_cellseg.train.writing import Source
from psygnal import Signal

PLAN = {
    "steps": 100,
    "batch": 1,
    "seconds": 50.0,
    "seconds_by": "measured",
    "memory_bytes": 1e9,
    "data": {"channels": 1, "validation": 0, "images": 1, "cells": 5},
    "network": {"name": "unet", "parameters": 1000},
    "notes": [],
}
LAYERS = Source(from_project=False, image="image", labels="labels", annotation=True)
ALL = Source(from_project=True, image=None, labels=None, annotation=False)


class Trainer:
    """Keeps what it is told to do."""

    planned, validated, ended, failed = Signal(dict), Signal(bool), Signal(str), Signal(str)

    def __init__(self):
        self.orders, self.run = [], None

    def plan(self, words):
        self.orders.append(("plan", words))

    def start(self, run, words):
        self.run = run
        self.orders.append(("start", run, words))

    def resume(self, run, words):
        self.run = run
        self.orders.append(("resume", run, words))

    def send_errand(self, words, answered):
        self.orders.append(("errand", words))
        answered({"arguments": ["--images", "i"]})


class Writer:
    """The same for layers."""

    written, compared, failed = Signal(list), Signal(str), Signal(str)

    def __init__(self):
        self.orders = []

    def write(self, source, folder):
        self.orders.append((source, folder))

    def write_changed(self, project, layers, folder):
        self.compared.emit(str(folder) if "changed" in layers else "")


class Desk:
    """A controller with all that it speaks to, and what it told."""

    def __init__(self, project=None):
        self.session = SimpleNamespace(project=project, models=[], viewer=SimpleNamespace(layers=[]))
        self.session.use_model = self.session.models.append
        self.trainer, self.writer, self.wishes = Trainer(), Writer(), Wishes()
        self.controller = TrainController(self.session, self.trainer, self.writer, self.wishes)
        self.stages, self.told = [], []
        self.controller.changed.connect(lambda: self.stages.append(self.controller.stage))
        for name in ("planned", "listed", "kept", "finished", "failed"):
            getattr(self.controller, name).connect(lambda value, name=name: self.told.append((name, value)))

    def names(self):
        return [name for name, _ in self.told]


@pytest.fixture
def project(tmp_path):
    runs = []

    def new_run():
        run = tmp_path / "runs" / f"run-{len(runs)}"
        run.mkdir(parents=True)
        runs.append(run)
        return run

    return SimpleNamespace(path=tmp_path, runs=runs, new_run=new_run)


def test_from_layers_over_the_plan_to_the_end(tmp_path):
    desk = Desk()
    desk.controller.plan(LAYERS, str(tmp_path / "run"))
    assert desk.writer.orders == [(LAYERS, tmp_path / "run-data")]
    desk.writer.written.emit(["--images", "i", "--labels", "l"])
    words = ["--images", "i", "--labels", "l", "--recipe", "fast"]
    assert desk.trainer.orders == [("plan", words)]
    desk.trainer.planned.emit(PLAN)
    assert desk.stages == ["planning", "planned"]
    desk.controller.start()
    assert desk.trainer.orders[-1] == ("start", tmp_path / "run", words)
    assert shlex.split(desk.controller.command) == ["cellseg", "train", "--out", str(tmp_path / "run"), *words]
    desk.trainer.validated.emit(False)
    desk.trainer.validated.emit(True)
    desk.trainer.ended.emit("finished")
    assert desk.session.models == [str(tmp_path / "run")] * 2
    assert desk.stages == ["planning", "planned", "running", "setup"]
    assert desk.names() == ["planned", "kept", "kept", "finished", "listed"]


def test_one_button_plans_and_trains(tmp_path):
    desk = Desk()
    desk.controller.train(LAYERS, str(tmp_path / "run"))
    desk.writer.written.emit(["--images", "i", "--labels", "l"])
    desk.trainer.planned.emit(PLAN)
    assert desk.trainer.orders[-1][0] == "start"
    assert desk.stages == ["planning", "running"]
    assert "steps, about" in desk.controller.line
    desk.trainer.ended.emit("finished")
    desk.controller.train(LAYERS, str(tmp_path / "other"))
    desk.trainer.failed.emit("the labels are empty")
    desk.controller.plan(LAYERS, str(tmp_path / "other"))
    desk.trainer.planned.emit(PLAN)
    assert desk.stages[-1] == "planned", "a training that failed to be planned is not started later"


def test_minutes_become_steps_in_plan_and_words(tmp_path):
    desk = Desk()
    desk.wishes.minutes = 2
    desk.controller.plan(LAYERS, str(tmp_path / "run"))
    desk.writer.written.emit([])
    desk.trainer.planned.emit(PLAN)
    assert "240 steps" in dict(desk.told[0][1])["Time"]
    desk.controller.start()
    assert desk.trainer.orders[-1][2] == ["--recipe", "fast", "--steps", "240", "--validate-every", "40"]


def test_a_project_has_its_own_folders_and_recipe(project):
    desk = Desk(project)
    desk.controller.use_project(project)
    assert desk.wishes.recipe == "quick"
    desk.controller.plan(ALL, "not asked for")
    run = project.path / "runs" / "run-0"
    data = project.path / "training" / "run-0"
    assert desk.trainer.orders[0] == ("errand", ["napari_cellseg.project.training_set", str(project.path), str(data)])
    assert desk.trainer.orders[1] == ("plan", ["--images", "i", "--recipe", "quick"])
    desk.session.viewer.layers.append("changed")
    desk.controller.plan(ALL, "not asked for")
    assert desk.trainer.orders[2][1][3:] == [str(project.path / "training" / "run-0-changed")]
    desk.trainer.planned.emit(PLAN)
    desk.controller.back()
    desk.controller.plan(ALL, "")
    assert project.runs == [run]  # that of a plan which was never started is taken again
    desk.trainer.planned.emit(PLAN)
    desk.controller.start()
    (run / "config.json").touch()
    desk.trainer.ended.emit("stopped")
    desk.controller.plan(ALL, "")
    assert len(project.runs) == 2


def test_a_model_to_begin_with(project):
    desk = Desk(project)
    desk.controller.begin_with("nuclei")
    desk.controller.use_project(project)  # does not take the recipe back
    desk.controller.plan(ALL, "")
    assert desk.trainer.orders[-1] == ("plan", ["--images", "i", "--from", "nuclei", "--recipe", "finetune"])
    desk.controller.begin_with("")
    assert desk.wishes.recipe == "quick"


def test_what_is_missing_or_fails_is_told(tmp_path, project):
    desk = Desk()
    desk.controller.plan(Source(from_project=False, image="image", labels=None), str(tmp_path / "run"))
    assert desk.told == [("failed", NO_LAYERS)]
    assert desk.stages == []
    desk.controller.plan(LAYERS, str(tmp_path / "run"))
    desk.writer.failed.emit("nothing is annotated")
    assert desk.told[-1] == ("failed", "nothing is annotated")
    assert desk.stages == ["planning", "setup"]
    project.new_run = lambda: (_ for _ in ()).throw(OSError(13, "Permission denied"))
    desk.session.project = project
    desk.controller.plan(ALL, "")
    assert "cannot be made (Permission denied)" in desk.told[-1][1]


def test_an_interrupted_training_goes_on(tmp_path):
    desk = Desk()
    desk.controller.resume(tmp_path / "run")
    assert desk.trainer.orders == [("resume", tmp_path / "run", ["--out", str(tmp_path / "run"), "--resume"])]
    assert desk.stages == ["running"]
    assert isinstance(desk.trainer.run, Path)

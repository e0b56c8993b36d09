"""A training as its events tell it, its plan in words, its run folder, its curves."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.children.words import why
from napari_cellseg.train.curve_lines import placed, thinned, upper_limit
from napari_cellseg.train.field import seen_part
from napari_cellseg.train.layer_files import IGNORE, write_layers
from napari_cellseg.train.plan import often_enough, plan_lines, steps_within
from napari_cellseg.train.progress import TrainingProgress
from napari_cellseg.train.runs import (
    Run,
    data_folder,
    progress_of,
    read_run,
    resume_words,
    starts,
    to_go_on_with,
    unfinished,
    with_model,
)

import cellseg
from cellseg.cli.train_watch import _Board as Board
from cellseg.training.events import Stepped

STEPPED = {"event": "stepped", "steps": 4, "rate": 0.1, "seconds": 1.0, "seconds_left": 100.0, "memory_bytes": 6e8}
PLAN = {
    "data": {"images": 1, "validation": 0, "channels": 1, "cells": 10},
    "network": {"name": "unet", "parameters": 482466, "margin": 44},
    "steps": 150,
    "seconds": 75.0,
    "seconds_by": "estimated for 2 processor cores",
    "memory_bytes": 6e8,
    "notes": ["nothing is held out"],
}


def test_events_add_up():
    progress = TrainingProgress()
    progress.hear({"event": "started", "step": 0, "steps": 4})
    assert progress.phase == "preparing"
    for step, loss in ((1, 1.0), (2, 0.0)):
        progress.hear({**STEPPED, "step": step, "loss": loss})
    assert (progress.phase, progress.losses) == ("training", [(1, 1.0), (2, pytest.approx(0.95))])
    progress.hear({"event": "validated", "step": 2, "scores": {"iou": 0.8, "v_info": None}, "kept": True})
    progress.hear({"event": "paused"})
    assert dict(progress.lines)["Step"] == "2 of 4"
    assert "Time left" not in dict(progress.lines)  # nobody knows while it is paused
    progress.hear({"event": "paused"})
    progress.hear({"event": "continued"})
    progress.hear({"event": "validated", "step": 4, "scores": {"iou": 0.7}, "kept": False})
    assert (progress.best, progress.scores) == ("step 2: IoU 0.800", {"iou": [(2, 0.8), (4, 0.7)]})
    finished = {"event": "finished", "step": 4, "scores": {"iou": 0.8}, "step_of_the_model": 2}
    progress.hear({**finished, "model": "m", "report": "r"})
    assert (progress.phase, progress.has_model, progress.best) == ("finished", True, "step 2: IoU 0.800")


def test_a_model_without_a_score():
    progress = TrainingProgress()
    progress.hear({"event": "validated", "step": 25, "scores": {}, "kept": True})
    assert (progress.has_model, progress.best) == (True, "step 25 (nothing held out, no score)")


def test_steps_that_are_done_again_replace_the_old_ones():
    progress = TrainingProgress(losses=[(1, 1.0), (2, 5.0), (3, 5.0)])
    progress.add_loss(2, 0.0)
    assert progress.losses == [(1, 1.0), (2, pytest.approx(0.95))]
    progress.add_loss(3, None)  # a loss that is no number
    assert len(progress.losses) == 2


def test_terminal_and_window_say_the_same_of_the_same_training():
    pace = SimpleNamespace(seconds_left=lambda step: 5500.0, samples_per_second=1.0)
    board, progress = Board(9, pace), TrainingProgress()
    for step, loss in enumerate((2.0, float("nan"), 0.5), 1):
        board.show(Stepped(step, 9, loss, 0.1, 0.1))
        event = {"event": "stepped", "step": step, "steps": 9, "loss": loss if loss == loss else None}
        progress.hear({**event, "seconds_left": 5500.0, "memory_bytes": 0})
    terminal, window = board._figures(), dict(progress.lines)
    assert terminal["loss"] == window["Loss"] == "1.9250"
    assert terminal["time left"] == window["Time left"] == "about 92 min"
    assert board.loss == progress.loss


def test_the_plan_in_words():
    lines = dict(plan_lines(PLAN))
    assert lines["Time"] == "about 75 s for 150 steps (estimated for 2 processor cores)"
    assert lines["Data"] == "1 image to learn from"
    assert lines["Note"] == "Nothing is held out."


def test_steps_that_fit_into_a_time():
    assert steps_within(PLAN, 2) == 240
    assert steps_within(PLAN, 0.01) == 10
    assert (often_enough(240, 400), often_enough(240, 25), often_enough(3, 400)) == (40, 25, 1)


def test_what_a_child_said_of_its_end():
    assert why(["reading", "error: no labels. Give some.", "bye"], 2) == "no labels. Give some."
    assert why(["Segmentation fault"], 139) == "Segmentation fault"
    assert "exit code 9" in why([], 9)


@pytest.fixture
def run(tmp_path):
    """A run that was interrupted after three of nine steps."""
    run = tmp_path / "project/runs/001"
    run.mkdir(parents=True)
    config = {"images": str(tmp_path / "gone"), "options": {"train": {"steps": 9}}}
    (run / "config.json").write_text(json.dumps(config))
    (run / "metrics.csv").write_text("step,loss,rate,seconds,iou\n1,1.0,0.1,1,\n2,0.5,0.1,1,0.75\n3,0.4,0.1,1,\n")
    return run


def test_an_interrupted_run(run):
    found = read_run(run)
    assert (found.step, found.steps, found.finished, found.has_model) == (3, 9, False, False)
    assert found.title == "001 (interrupted at step 3 of 9)"
    assert unfinished([run, run.parent]) == [found]
    assert to_go_on_with([run]) is None, "no step of it was kept"
    (run / "last.ckpt").write_text("")
    assert to_go_on_with([run, run.parent]) == found
    assert to_go_on_with([run.parent, run]) is None, "another training followed"
    progress = progress_of(run)
    assert (progress.step, progress.steps, progress.scores) == (3, 9, {"iou": [(2, 0.75)]})
    assert len(progress.losses) == 3
    (run / "report.json").write_text("{}")
    (run / "model.safetensors").write_text("")
    assert unfinished([run]) == []
    assert to_go_on_with([run]) is None
    assert [one.title for one in with_model([run])] == ["001 (finished)"]


def test_a_run_that_died_at_birth_or_is_damaged(run):
    (run / "metrics.csv").unlink()
    assert read_run(run).step == 0
    for damaged in ("{", "{}", '{"options": []}', '{"options": {"train": {"steps": null}}}'):
        (run / "config.json").write_text(damaged)
        assert read_run(run) is None
    (run / "config.json").write_text("{")
    assert progress_of(run).steps == 0


def test_a_project_that_was_moved_goes_on_with_its_own_files(run, tmp_path):
    project = tmp_path / "project"
    assert resume_words(run, project) == ["--out", str(run), "--resume"]  # the files may be somewhere that was gone
    (data_folder(run, project) / "images").mkdir(parents=True)
    words = resume_words(run, project)
    assert words[words.index("--images") + 1] == str(project / "training/001/images")
    assert words[words.index("--config") + 1] == str(run / "config.toml")


def test_layers_become_pairs_of_files(tmp_path):
    image = np.arange(2 * 8 * 9, dtype=np.uint16).reshape(2, 8, 9)
    labels = np.zeros((2, 8, 9), np.int32)
    labels[1, :2], labels[1, 4:] = 1, 3
    files = write_layers(image, labels, tmp_path / "a", annotation=True)
    assert [path.name for path in files.images.iterdir()] == ["plane_0001.tif"]  # the other one is not annotated
    np.testing.assert_array_equal(tifffile.imread(files.images / "plane_0001.tif"), image[1])
    found = tifffile.imread(files.labels / "plane_0001.tif")
    assert sorted(np.unique(found)) == [0, 2, IGNORE]
    files = write_layers(image, labels, tmp_path / "b", annotation=False)
    assert sorted(np.unique(tifffile.imread(files.labels / "plane_0001.tif"))) == [0, 1, 3]
    assert len(list(files.labels.iterdir())) == 2


def test_colour_becomes_channels(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (8, 9, 3)).astype(np.uint8)
    files = write_layers(colours, np.eye(8, 9, dtype=np.uint8), tmp_path, annotation=False, rgb=True)
    assert cellseg.open_image(files.images / "plane_0000.tif").channels == 3


def test_layers_that_do_not_fit(tmp_path):
    with pytest.raises(cellseg.InputError, match="the image is 8 x 9 and the labels are 9 x 8"):
        write_layers(np.zeros((8, 9)), np.zeros((9, 8), int), tmp_path, annotation=False)
    with pytest.raises(cellseg.InputError, match="nothing is annotated"):
        write_layers(np.zeros((8, 9)), np.zeros((8, 9), int), tmp_path, annotation=True)


@given(count=st.integers(0, 3000), most=st.integers(2, 500))
def test_a_thinned_curve_keeps_its_ends(count, most):
    points = [(k, float(k)) for k in range(count)]
    kept = thinned(points, most)
    assert len(kept) == min(count, most)
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]


@given(st.lists(st.floats(1e-5, 1e5), min_size=1))
def test_the_upper_limit_is_round_and_holds_most(values):
    high = upper_limit(values)
    assert float(f"{high:.0e}") == pytest.approx(high)
    assert high >= np.quantile(values, 0.98) * (1 - 1e-6)


def test_points_in_the_picture():
    assert placed([(0, 0.0), (5, 1.0), (10, 7.0)], (10, 20, 100, 50), 10, 0.0, 2.0) == [
        (10, 70),
        (60, 45),
        (110, 20),
    ]


@given(
    corners=st.tuples(*[st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))] * 2),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5000), st.integers(1, 5000)),
    at=st.floats(-3, 9),
)
def test_the_seen_part_lies_in_the_image(corners, shape, at):
    part = seen_part(corners, [at], shape)
    assert 0 <= part.plane[0] < shape[0]
    for length, span in zip(shape[1:], (part.rows, part.columns), strict=True):
        assert 0 <= span.start < span.stop <= length
        assert span.stop - span.start <= 1024


def test_a_small_image_is_predicted_whole_and_of_a_large_one_what_is_seen():
    assert seen_part(((10, 10), (20, 20)), (), (512, 512)).rows == slice(0, 512)
    part = seen_part(((100.5, 3000), (300.5, 9000)), (), (4000, 10_000))
    assert (part.rows, part.columns) == (slice(100, 301), slice(5488, 6512))


def test_a_training_begins_anew_or_with_a_model_each_of_which_is_offered_once():
    runs = [Run(Path("runs/002"), 5, 9, False, True), Run(Path("runs/001"), 9, 9, True, True)]
    assert starts("", [], []) == [("a new network", "")]
    offered = starts("runs/001", runs, ["blobs", "runs/001"])
    assert [path for _, path in offered] == ["", "runs/001", str(Path("runs/002")), "blobs"]
    assert [words for words, _ in offered] == [
        "a new network",
        "the model in use (001)",
        "run 002 (interrupted at step 5 of 9)",
        "blobs, which comes with cellseg",
    ]

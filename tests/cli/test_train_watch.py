"""Watching a training, pausing and stopping it, and what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile

from cellseg.training.control import Control
from cellseg.training.events import NotUnderstood, Paused, Stepped, Validated
from cellseg.training.pace import Pace
from cellseg.training.recipes import settings_for

from .conftest import assert_refused

SMALL = ("--base", 2, "--depth", 1, "--tile", 32, "--validation", 1)


@pytest.fixture
def words(sample_folder):
    train = sample_folder / "train"
    return ("train", "--images", train / "images.tif", "--labels", train / "labels.tif", *SMALL)


def events_in(text):
    return [json.loads(line) for line in text.splitlines()]


def test_events_are_lines_of_json(cellseg_cli, words, tmp_path):
    done = cellseg_cli(*words, "--out", tmp_path / "run", "--steps", 4, "--validate-every", 2, "--events")
    assert done.code == 0, done.err
    events = events_in(done.out)
    names = [event["event"] for event in events if event["event"] != "validating"]  # told where it takes long
    assert names[0] == "started"
    assert names.count("weighed") == 3
    assert names[-7:] == ["stepped", "validated", "stepped", "stepped", "validated", "saved", "finished"]
    stepped = next(event for event in events if event["event"] == "stepped")
    assert stepped["step"] == 1
    for name in ("loss", "rate", "seconds", "samples_per_second", "seconds_left", "memory_bytes"):
        assert stepped[name] > 0, name
    validated = next(event for event in events if event["event"] == "validated")
    assert {"v_rand", "iou"} <= set(validated["scores"])
    assert validated["kept"] is True
    assert events[-1]["model"].endswith("model.safetensors")


def test_what_goes_wrong_is_an_event_too(cellseg_cli, words, tmp_path):
    wild = ("--rate", 10, "--optimiser", "sgd", "--momentum", 0.99, "--schedule", "constant", "--norm", "none")
    done = cellseg_cli(*words, "--out", tmp_path / "run", "--steps", 300, "--events", *wild)
    assert_refused(done, "the loss is", "--rate")
    last = events_in(done.out)[-1]
    assert last["event"] == "failed"
    assert "--rate" in last["error"]


def test_the_report_and_the_pictures(cellseg_cli, words, tmp_path):
    run = tmp_path / "run"
    done = cellseg_cli(*words, "--out", run, "--steps", 4, "--validate-every", 2, "--json")
    assert done.code == 0, done.err
    report = json.loads((run / "report.json").read_text())
    assert json.loads(done.out) == report
    assert report["steps_done"] == 4
    assert report["step_of_the_model"] in (2, 4)
    assert len(report["scores_by_image"]) == report["images"]["validation"] == 1
    assert "Threshold" in (run / "report.txt").read_text()
    assert sorted(path.name for path in (run / "pictures").iterdir()) == ["step-000002.png", "step-000004.png"]
    assert (run / "validation.png").stat().st_size > 1000


def test_classes_on_several_channels(cellseg_cli, tmp_path):
    """Three classes, one of them rare, told apart by the channels; the rarest by the third alone."""
    rng = np.random.default_rng(0)
    labels = np.zeros((4, 64, 64), np.uint8)
    labels[:, 10:30, 10:50], labels[:, 40:60, 4:60] = 1, 1
    for page in labels:
        for y, x in rng.integers(0, 61, (4, 2)):
            page[y : y + 3, x : x + 3] = 2
    images = np.stack([labels == 1, labels > 0, labels == 2], axis=1) * 100 + rng.integers(0, 30, (4, 3, 64, 64))
    folders = tmp_path / "images", tmp_path / "labels"
    for folder in folders:
        folder.mkdir()
    for k in range(4):
        tifffile.imwrite(folders[0] / f"{k}.ome.tif", images[k].astype(np.uint8), metadata={"axes": "CYX"})
        tifffile.imwrite(folders[1] / f"{k}.tif", labels[k])
    given = ("train", "--images", folders[0], "--labels", folders[1], "--labels-are", "classes")
    small = ("--base", 4, "--depth", 1, "--tile", 48, "--validation", 1, "--rate", 0.02, "--elastic", 0)
    plan = json.loads(cellseg_cli(*given, *small, "--dry-run", "--json").out)
    assert (plan["data"]["channels"], plan["data"]["classes"], plan["data"]["rare_classes"]) == (3, 3, [2])
    done = cellseg_cli(*given, *small, "--out", tmp_path / "run", "--steps", 150, "--validate-every", 50)
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "run/report.json").read_text())
    assert report["chosen_by"] == "iou"
    assert report["scores"]["iou"] > 0.7
    assert cellseg_cli("predict", tmp_path / "run", folders[0] / "3.ome.tif", "--out", tmp_path / "o.tif").code == 0
    assert_refused(cellseg_cli(*given, "--out", tmp_path / "no", "--best-by", "ap50"), "--best-by ap50", "3 classes")


def test_from_a_model_with_old_images(cellseg_cli, words, run_folder, sample_folder, tmp_path):
    train, run = sample_folder / "train", tmp_path / "run"
    large = sample_folder / "large"
    new = ("train", "--images", large / "images.tif", "--labels", large / "labels.tif", "--from", run_folder)
    old = ("--replay-images", train / "images.tif", "--replay-labels", train / "labels.tif")
    done = cellseg_cli(*new, *old, "--out", run, "--steps", 4, "--validate-every", 2)
    assert done.code == 0, done.err
    config = json.loads((run / "config.json").read_text())
    assert (config["from"], config["replay_images"]) == (str(run_folder), str(train / "images.tif"))
    assert config["options"]["network"]["base"] == 4  # the model's
    assert config["options"]["train"]["rate"] == 2e-4  # the recipe's
    report = json.loads((run / "report.json").read_text())
    assert set(report["scores_before"]) == set(report["scores"])
    again = cellseg_cli("train", "--config", run / "config.toml", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert (tmp_path / "again/model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    assert cellseg_cli("train", "--out", run, "--resume").code == 0
    assert_refused(cellseg_cli(*new, "--out", tmp_path / "no", "--base", 8), "--base is 8", "the model's is 4")
    assert not (tmp_path / "no").exists()


def test_words_in_the_control_file(tmp_path):
    """What is written while it is paused, and what comes of it."""
    for word, stopped in (("go", False), ("stop", True), (None, False)):
        path, told = tmp_path / "control", []
        control = Control(path, lambda: False)
        path.write_text("stop")
        control.forget()
        assert list(control.obey()) == []
        assert not control.stop
        path.write_text("pause\n")
        for event in control.obey():
            told.append(type(event).__name__)
            if isinstance(event, Paused):
                path.unlink() if word is None else path.write_text(f" {word.upper()}\n")
        assert (control.stop, told) == (stopped, ["Paused", "Continued"])
        assert not path.exists()


def test_an_unknown_word_is_told_once(tmp_path):
    control = Control(tmp_path / "control", lambda: False)
    (tmp_path / "control").write_text("halt")
    assert [*control.obey(), *control.obey()] == [NotUnderstood(tmp_path / "control", "halt")]
    assert not control.stop


def test_time_left_counts_validations():
    pace = Pace(settings_for(steps=100, validate_every=10, batch=4).train)
    assert (pace.samples_per_second, pace.seconds_left(0)) == (0, 0)
    for step in range(1, 11):
        pace.note(Stepped(step, 100, 0.5, 0.1, 1.0), 2.0)
    assert pace.samples_per_second == pytest.approx(2)
    assert pace.seconds_left(10) == pytest.approx(180)
    pace.note(Validated(10, {}, None, True, ()), 5.0)
    assert pace.seconds_left(10) == pytest.approx(180 + 9 * 5)


@pytest.mark.skipif(sys.platform == "win32", reason="starts a process as POSIX does")
def test_another_program_stops_it_and_it_goes_on(words, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "cellseg", *map(str, words), "--out", str(run), "--steps", "5000", "--events"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        next(line for line in process.stdout if '"stepped"' in line)
        (run / "control").write_text("pause")
        paused = next(line for line in process.stdout if '"stepped"' not in line)
        assert json.loads(paused) == {"event": "paused"}
        time.sleep(0.3)
        assert process.poll() is None
        (run / "control").write_text("stop")
        rest = [event["event"] for event in events_in(process.stdout.read())]
        assert process.wait(60) == 130
    assert rest == ["continued", "stopped"]
    assert (run / "last.ckpt").exists()
    assert not (run / "control").exists()

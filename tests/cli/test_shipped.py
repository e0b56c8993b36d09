"""Models in the box: found by name, listed, described, part of the wheel, small."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import cellseg
from cellseg.models import card
from cellseg.models.card import read_card, shipped_files, store_card
from cellseg.models.shipped import LARGEST
from cellseg.wording import size_of

from .conftest import assert_refused

ROOT = Path(__file__).parents[2]


@pytest.fixture
def box(run_folder, tmp_path, monkeypatch):
    """A folder of shipped models that holds one called `tiny`; the working folder is empty."""
    folder, empty = tmp_path / "box", tmp_path / "empty"
    folder.mkdir()
    empty.mkdir()
    file = folder / "tiny.safetensors"
    shutil.copy(run_folder / "model.safetensors", file)
    told = {"data": "generated cells", "licence": "CC0", "metrics": {"ap50 of dots": 0.5}, "limits": "nothing real"}
    store_card(file, replace(read_card(file), diameter=20.0, **told))
    monkeypatch.setattr(card, "SHIPPED", folder)
    monkeypatch.chdir(empty)
    return file


def test_a_name_is_enough(box, sample_folder, cellseg_cli, tmp_path):
    assert cellseg.load("tiny").digest == cellseg.load(box).digest
    done = cellseg_cli("predict", "tiny", sample_folder / "large/images.tif", "--out", tmp_path / "cells.tif")
    assert done.code == 0, done.err


def test_they_are_listed_and_described(box, cellseg_cli):
    size = size_of(box.stat().st_size)
    assert f"tiny: unet, {size}; generated cells; objects of about 20 pixels; CC0" in cellseg_cli("models").out
    (shipped,) = json.loads(cellseg_cli("models", "--json").out)["shipped"]
    assert (shipped["name"], shipped["file"], shipped["card"]["licence"]) == ("tiny", str(box), "CC0")
    found = json.loads(cellseg_cli("info", "tiny", "--json").out)
    assert found | {"kind": "model", "file": str(box), "limits": "nothing real", "diameter": 20.0} == found


def test_what_lies_here_goes_first(box, run_folder, cellseg_cli):
    """A run folder of that name does; a folder of images does not hide the model."""
    Path("tiny").mkdir()
    assert cellseg.load("tiny").card.licence == "CC0"
    shutil.copy(run_folder / "model.safetensors", "tiny")
    assert cellseg.load("tiny").card.licence == ""


def test_an_unknown_name_lists_those_there_are(box, cellseg_cli, tmp_path, monkeypatch):
    assert_refused(cellseg_cli("predict", "nuclie", "i.tif", "--out", "o.tif"), "no such model", "with cellseg: tiny")
    monkeypatch.setattr(card, "SHIPPED", tmp_path)
    assert_refused(cellseg_cli("predict", "tiny", "i.tif", "--out", "o.tif"), "no such model", "run folder or a model")
    assert "No trained model comes with this version" in cellseg_cli("models").out
    assert json.loads(cellseg_cli("models", "--json").out)["shipped"] == []


def test_a_training_may_begin_with_one_but_none_is_changed(box, sample_folder, cellseg_cli, tmp_path):
    train, before = sample_folder / "train", box.read_bytes()
    pair = (train / "images.tif", train / "labels.tif")
    words = ("train", "--from", "tiny", "--images", pair[0], "--labels", pair[1], "--steps", 1, "--out", tmp_path / "r")
    assert cellseg_cli(*words).code == 0
    assert json.loads((tmp_path / "r/config.json").read_text())["from"] == "tiny"
    probabilities = tmp_path / "p.tif"
    assert cellseg_cli("predict", "tiny", pair[0], "--out", probabilities, "--result", "probabilities").code == 0
    done = cellseg_cli("tune", probabilities, pair[1], "--store", "tiny")
    assert_refused(done, "comes with cellseg and is not changed")
    assert box.read_bytes() == before


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_a_shipped_model_is_small_and_says_what_it_is(name):
    file = shipped_files()[name]
    assert file.stat().st_size <= LARGEST
    told = cellseg.load(name).card
    assert told.data
    assert told.licence
    assert told.metrics
    assert told.limits
    assert told.diameter > 0


def test_the_wheel_holds_them(tmp_path):
    from hatchling.builders.wheel import WheelBuilder

    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("cellseg", "plugins"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "cellseg/models/shipped/tiny.safetensors").write_bytes(b"weights")
    inside = {file.distribution_path for file in WheelBuilder(str(tmp_path)).recurse_included_files()}
    assert "cellseg/models/shipped/tiny.safetensors" in inside

"""The run folder that a training in Python leaves."""

import json

import numpy as np
import pytest

import cellseg
from cellseg.errors import InputError
from cellseg.training.run_folder import RunFolder, read_config, read_metrics

FEW = {"base": 2, "depth": 1, "tile": 32, "steps": 4, "validate_every": 2, "validation": 1}


@pytest.fixture
def pairs(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.zeros((3, 48, 48), np.uint8)
    labels[:, 8:22, 8:22], labels[:, 28:42, 20:40] = 1, 2
    for name, stack in (("images", labels * 60 + rng.integers(0, 60, labels.shape)), ("labels", labels)):
        cellseg.write_stack(tmp_path / f"{name}.tif", stack.astype(np.uint8))
    return tmp_path / "images.tif", tmp_path / "labels.tif"


def test_it_is_whole_and_its_model_opens(pairs, tmp_path):
    run = tmp_path / "run"
    *_, last = cellseg.train(*pairs, out=run, **FEW)
    files = {path.name for path in run.iterdir()}
    assert {"config.json", "config.toml", "model.safetensors", "last.ckpt", "metrics.csv", "report.json"} <= files
    assert {"curves.png", "report.txt"} <= files
    assert any(name.startswith("events.out.tfevents") for name in files)
    assert cellseg.load(run).digest == last.model.digest
    assert [int(row["step"]) for row in read_metrics(RunFolder(run))] == [1, 2, 3, 4]
    config = read_config(RunFolder(run))
    assert config["images"] == str(pairs[0])
    assert "fast" in json.dumps(config["options"])


def test_a_used_folder_is_refused_and_resumed(pairs, tmp_path):
    run = tmp_path / "run"
    events = cellseg.train(*pairs, out=run, resume=True, save_every=0, **FEW)
    while type(next(events)).__name__ != "Validated":
        pass
    events.close()
    with pytest.raises(InputError, match="exists already"):
        next(cellseg.train(*pairs, out=run, **FEW))
    again = list(cellseg.train(*pairs, out=run, resume=True, save_every=0, **FEW))
    assert again[0].step == 2
    *_, whole = cellseg.train(*pairs, **FEW)
    assert again[-1].model.digest == whole.model.digest


def test_resuming_takes_the_run_s_own_options(pairs, tmp_path):
    run = tmp_path / "run"
    events = cellseg.train(*pairs, out=run, save_every=0, **FEW)
    while type(next(events)).__name__ != "Saved":
        pass
    events.close()
    with pytest.raises(InputError, match="--steps is given as 9"):
        next(cellseg.train(*pairs, out=run, resume=True, steps=9))
    *_, last = cellseg.train(*pairs, out=run, resume=True)
    assert last.step == FEW["steps"]
    *_, whole = cellseg.train(*pairs, **FEW)
    assert last.model.digest == whole.model.digest


def test_the_control_file_is_obeyed(pairs, tmp_path):
    """A word stops it; what is there goes on from it."""
    run, names = tmp_path / "run", []
    for event in cellseg.train(*pairs, out=run, **FEW):
        names.append(type(event).__name__)
        if names[-1] == "Stepped":
            (run / "control").write_text("stop")
    assert names[-2:] == ["Stepped", "Stopped"]
    assert (run / "last.ckpt").is_file()
    *_, last = cellseg.train(*pairs, out=run, resume=True)
    assert last.step == FEW["steps"]


def test_another_network_than_the_model_s_is_refused(pairs):
    *_, last = cellseg.train(*pairs, **FEW)
    with pytest.raises(InputError, match="--base is 4, the model's is 2"):
        next(cellseg.train(*pairs, start=last.model, base=4))

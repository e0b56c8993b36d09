"""cellseg export: files for other programs, by the command line."""

import json

import pytest

from cellseg.cli import run
from cellseg.models.trained import save
from tests.exporting.conftest import tiny, with_card


@pytest.fixture
def model(tmp_path):
    save(tiny("unet"), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_a_file_is_written_and_told(model, tmp_path, capsys):
    out = tmp_path / "model.onnx"
    assert run(["export", str(model), "--format", "onnx", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bytes"], told["geometry"]["margin"]) == (out.stat().st_size, 20)


def test_a_file_that_is_there_stays_unless_told(model, tmp_path, capsys):
    assert run(["export", str(model), "--out", str(model)]) == 2
    assert "exists. Choose another --out" in capsys.readouterr().err


def test_what_frozen_statistics_cost_is_said(tmp_path, capsys):
    save(with_card(tiny("unet"), statistics="image"), tmp_path / "old.safetensors")
    assert run(["export", str(tmp_path / "old.safetensors"), "--out", str(tmp_path / "old.onnx")]) == 0
    assert "warning: the model takes statistics of normalisation from each image" in capsys.readouterr().err

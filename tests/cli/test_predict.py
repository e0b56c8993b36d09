"""cellseg predict as a user sees it: the plan, the ceiling, the proof of exactness, what is written beside."""

import numpy as np
import pytest
import tifffile

from .conftest import assert_refused


@pytest.fixture
def predict(cellseg_cli, run_folder, sample_folder, tmp_path):
    def call(*more):
        return cellseg_cli(
            "predict", run_folder, sample_folder / "large/images.tif", "--out", tmp_path / "o.tif", *more
        )

    return call


def test_the_plan_is_said_before_the_start(predict):
    done = predict("--tile", 64, "--precision", "float32")
    assert done.code == 0, done.err
    plan = done.err.splitlines()[0]
    for part in (
        "150 x 200 pixels",
        "12 tiles of 64 x 64",
        "float32",
        "about",
        "memory up to",
        "before compression",
    ):
        assert part in plan


def test_seams_are_verified_on_demand(predict):
    done = predict("--tile", 64, "--verify-seams", 3)
    assert done.code == 0, done.err
    line = next(line for line in done.err.splitlines() if "across seams" in line)
    assert float(line.split("seams ")[1].split()[0]) < 1e-5
    assert "3 windows" in line


@pytest.mark.parametrize(("memory", "said"), [("lots", "2GB"), ("10MB", "needs --memory"), ("-1GB", "2GB")])
def test_impossible_memory_is_refused(predict, tmp_path, memory, said):
    assert_refused(predict(f"--memory={memory}"), said)
    assert not list(tmp_path.iterdir())


def test_disagreement_needs_several_versions(predict, tmp_path):
    assert_refused(predict("--uncertainty", "disagreement"), "--average")
    assert not list(tmp_path.iterdir())


def test_uncertainty_is_written_beside(predict, tmp_path):
    assert predict("--uncertainty", "entropy").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o-uncertainty.tif", "o.tif"]
    bits = tifffile.imread(tmp_path / "o-uncertainty.tif")
    assert bits.dtype == np.float32
    assert bits.shape == (150, 200)


def test_a_file_of_others_is_not_replaced_by_the_uncertainty(predict, tmp_path):
    (tmp_path / "o-uncertainty.tif").write_text("mine")
    assert_refused(predict("--uncertainty", "entropy"), "o-uncertainty.tif", "not made by cellseg")
    assert (tmp_path / "o-uncertainty.tif").read_text() == "mine"
    assert not (tmp_path / "o.tif").exists()


@pytest.mark.parametrize(("width", "said"), [(7.5, "measured to be 7.5 pixels wide"), (None, "not so much wider")])
def test_what_was_measured_is_said(predict, monkeypatch, width, said):
    from cellseg.inference import object_size

    monkeypatch.setattr(object_size, "measured_diameter", lambda *_: width)
    done = predict("--diameter", "auto")
    assert done.code == 0, done.err
    assert said in done.err
    assert ("seen as" in done.err) == (width is not None)

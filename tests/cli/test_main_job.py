"""Train, predict, evaluate: what a user does first."""

import json

import numpy as np
import pytest
import tifffile
import torch

EXPECTED = ["config.json", "model.safetensors", "last.ckpt", "metrics.csv", "curves.png", "validation.png"]


def test_a_run_folder_is_complete(run_folder):
    names = {path.name for path in run_folder.iterdir()}
    assert set(EXPECTED) <= names
    assert any("tfevents" in name for name in names)
    config = json.loads((run_folder / "config.json").read_text())
    assert config["options"]["train"]["steps"] == 40
    assert len(config["data"]["validation"]) == 1
    torch.load(run_folder / "last.ckpt", weights_only=True)


def test_training_learns(run_folder):
    rows = (run_folder / "metrics.csv").read_text().splitlines()
    losses = [float(row.split(",")[1]) for row in rows[1:]]
    assert len(losses) == 40
    # medians, as one of the last samples may be empty
    assert np.median(losses[-5:]) < 0.7 * np.median(losses[:5])


def test_predict_then_evaluate(cellseg_cli, run_folder, sample_folder, tmp_path):
    image, truth = sample_folder / "large/images.tif", sample_folder / "large/labels.tif"
    assert cellseg_cli("predict", run_folder, image, "--out", tmp_path / "out.tif").code == 0
    labels = tifffile.imread(tmp_path / "out.tif")
    assert labels.dtype == np.uint32
    assert labels.shape == (150, 200)
    assert labels.max() > 3
    done = cellseg_cli("evaluate", tmp_path / "out.tif", truth, "--json", "--picture", tmp_path / "errors.png")
    assert done.code == 0
    assert json.loads(done.out)["mean"]["pixel_error"] < 0.35
    assert (tmp_path / "errors.png").stat().st_size > 1000


@pytest.mark.parametrize(("result", "dtype"), [("classes", np.uint8), ("probabilities", np.float32)])
def test_other_results(cellseg_cli, run_folder, sample_folder, tmp_path, result, dtype):
    image = sample_folder / "large/images.tif"
    assert cellseg_cli("predict", run_folder, image, "--out", tmp_path / "out.tif", "--result", result).code == 0
    found = tifffile.imread(tmp_path / "out.tif")
    assert found.dtype == dtype
    assert found.shape == (150, 200)


def test_the_tile_size_does_not_matter(cellseg_cli, run_folder, sample_folder, tmp_path):
    image = sample_folder / "large/images.tif"
    results = []
    for tile in (16, 50, 128):
        words = ("predict", run_folder, image, "--out", tmp_path / "out.tif", "--result", "probabilities")
        assert cellseg_cli(*words, "--tile", tile).code == 0
        results.append(tifffile.imread(tmp_path / "out.tif"))
    assert max(np.abs(r - results[0]).max() for r in results) <= 1e-5


def test_several_images_go_into_a_folder(cellseg_cli, run_folder, sample_folder, tmp_path):
    for name in ("a.tif", "b.ome.tif"):
        tifffile.imwrite(tmp_path / name, tifffile.imread(sample_folder / "large/images.tif"))
    done = cellseg_cli("predict", run_folder, tmp_path / "a.tif", tmp_path / "b.ome.tif", "--out", tmp_path / "out")
    assert done.code == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.tif", "b.tif"}


def test_a_stack_stays_a_stack(cellseg_cli, run_folder, sample_folder, tmp_path):
    stack = sample_folder / "train/images.tif"
    assert cellseg_cli("predict", run_folder, stack, "--out", tmp_path / "out.tif").code == 0
    assert tifffile.imread(tmp_path / "out.tif").shape == (4, 96, 96)


def test_weights_of_a_stack(cellseg_cli, sample_folder, tmp_path):
    assert cellseg_cli("weights", sample_folder / "train/labels.tif", "--out", tmp_path / "w.tif").code == 0
    found = tifffile.imread(tmp_path / "w.tif")
    assert found.dtype == np.float32
    assert found.shape == (4, 96, 96)
    assert found.max() > 5


def test_models_and_info(cellseg_cli, run_folder, sample_folder):
    unet = json.loads(cellseg_cli("models", "--json").out)["models"][0]
    assert (unet["name"], unet["parameters"], unet["margin"]) == ("unet", 31_030_658, 92)
    assert json.loads(cellseg_cli("info", run_folder, "--json").out)["kind"] == "run"
    found = json.loads(cellseg_cli("info", sample_folder / "train/images.tif", "--json").out)
    assert (found["planes"], found["height"], found["width"]) == (4, 96, 96)


def test_the_paper_recipe_and_an_option_that_goes_before_it(cellseg_cli, sample_folder, tmp_path):
    train = sample_folder / "train"
    words = ("--images", train / "images.tif", "--labels", train / "labels.tif", "--out", tmp_path / "run")
    small = ("--recipe", "paper", "--base", 2, "--depth", 1, "--steps", 2)
    assert cellseg_cli("train", *words, *small).code == 0
    options = json.loads((tmp_path / "run/config.json").read_text())["options"]
    assert options["train"]["optimiser"] == "sgd"
    assert options["train"]["momentum"] == 0.99
    papers = {"model": "unet", "base": 2, "depth": 1, "norm": "none", "dropout": 0.5, "padding": "valid"}
    assert options["network"].items() >= papers.items()

"""evaluate --sweep: the best threshold and minimum size are found, shown and stored."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from cellseg.cli.evaluate_sweep import best_setting
from cellseg.metrics.candidates import THRESHOLDS
from cellseg.models.card import read_card
from tests.cli.conftest import assert_refused

BEST = 0.7


@pytest.fixture
def planted(tmp_path):
    """Squares that have their true shape above 0.7 only, and specks of 12 pixels that are as bright."""
    truth = np.zeros((80, 80), np.uint16)
    probability = np.zeros((80, 80), np.float32)
    for number, (y, x) in enumerate(((5, 5), (5, 40), (40, 5), (40, 40)), 1):
        for step, level in enumerate((0.3, 0.5, 0.68)):
            probability[y + step : y + 22 - step, x + step : x + 22 - step] = level
        probability[y + 4 : y + 18, x + 4 : x + 18] = 0.72
        truth[y + 4 : y + 18, x + 4 : x + 18] = number
        probability[y + 9 : y + 13, x + 9 : x + 13] = 0.9
        probability[y + 24 : y + 27, x + 24 : x + 28] = 0.9
    tifffile.imwrite(tmp_path / "p.tif", probability)
    tifffile.imwrite(tmp_path / "t.tif", truth)
    return tmp_path / "p.tif", tmp_path / "t.tif"


def test_the_planted_threshold_and_size_are_found(cellseg_cli, planted, tmp_path):
    done = cellseg_cli("evaluate", *planted, "--sweep", "--json", "--picture", tmp_path / "curve.png")
    found = json.loads(done.out)
    assert (found["metric"], found["threshold"], found["value"]) == ("mean_average_precision", BEST, 1)
    assert 12 < found["minimum_size"] <= 14 * 14
    assert len(found["curve"]) == len(THRESHOLDS) * 4
    assert (tmp_path / "curve.png").stat().st_size > 1000
    words = (
        "--threshold",
        found["threshold"],
        "--minimum-size",
        found["minimum_size"],
        "--metrics",
        "f1@0.95",
        "--json",
    )
    assert json.loads(cellseg_cli("evaluate", *planted, *words).out)["mean"] == {"f1@0.95": 1}


def test_a_metric_of_your_own_choice_and_the_table(cellseg_cli, planted):
    done = cellseg_cli("evaluate", *planted, "--sweep", "--metrics", "pixel_error")
    assert "←" in done.out
    assert f"--threshold {BEST}" in done.err


def test_what_is_stored_is_read_again_and_the_weights_stay(cellseg_cli, planted, run_folder, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    file = run / "model.safetensors"
    before = (run_folder / "model.safetensors").read_bytes()
    file.write_bytes(before)
    done = cellseg_cli("evaluate", *planted, "--sweep", "--store", run, "--json")
    found = json.loads(done.out)
    card, old = read_card(file), read_card(run_folder / "model.safetensors")
    assert (card.threshold, card.minimum_size) == (found["threshold"], found["minimum_size"])
    assert card.training["sweep"]["images"] == 1
    assert (card.name, card.options, card.grow, card.class_names) == (old.name, old.options, old.grow, old.class_names)
    assert weights(file.read_bytes()) == weights(before)
    assert [path.name for path in run.iterdir()] == [file.name]


def test_predict_uses_the_stored_threshold(cellseg_cli, planted, run_folder, sample_folder, tmp_path):
    from cellseg.models.trained import load

    file = tmp_path / "model.safetensors"
    file.write_bytes((run_folder / "model.safetensors").read_bytes())
    assert cellseg_cli("evaluate", *planted, "--sweep", "--store", file).code == 0
    image = sample_folder / "large/images.tif"
    for name, words in (("stored", ()), ("said", ("--threshold", load(file).card.threshold))):
        done = cellseg_cli("predict", file, image, "--out", tmp_path / f"{name}.tif", "--result", "classes", *words)
        assert done.code == 0, done.err
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "stored.tif"), tifffile.imread(tmp_path / "said.tif"))


def test_nothing_is_stored_in_what_is_no_model(cellseg_cli, planted, tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    done = cellseg_cli("evaluate", *planted, "--sweep", "--store", tmp_path / "notes.txt")
    assert_refused(done, "notes.txt", "not a model file")
    assert_refused(cellseg_cli("evaluate", *planted, "--sweep", "--store", tmp_path / "none"), "none")


def test_of_equally_good_settings_the_smallest_size_and_the_middle_threshold():
    values = {(0.1, 0): 0.5, (0.2, 0): 0.9, (0.3, 0): 0.9, (0.4, 0): 0.9, (0.3, 8): 0.9, (0.9, 8): float("nan")}
    assert best_setting(values, smaller_is_better=False) == (0.3, 0)
    assert best_setting(values, smaller_is_better=True) == (0.1, 0)


def weights(content: bytes) -> bytes:
    return content[8 + int.from_bytes(content[:8], "little") :]

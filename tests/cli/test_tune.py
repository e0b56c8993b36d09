"""tune: the best cut is found, shown and stored as a whole."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from cellseg.images.write import write_stack
from cellseg.metrics.candidates import THRESHOLDS
from cellseg.models.card import CUT, read_card, store_card
from tests.cli.conftest import assert_refused

BEST = 0.7


@pytest.fixture
def planted(tmp_path):
    """Squares that have their true shape above 0.68 only, and specks of 12 pixels that are as bright."""
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


@pytest.fixture
def copied(run_folder, tmp_path):
    """A run folder of its own with a model file, cored at 0.9."""
    file = tmp_path / "run" / "model.safetensors"
    file.parent.mkdir()
    file.write_bytes((run_folder / "model.safetensors").read_bytes())
    store_card(file, replace(read_card(file), threshold=0.2, core=0.9, fill_holes=7, split=30.0, scale=1.0))
    return file


def test_the_planted_threshold_and_size_are_found(cellseg_cli, planted, tmp_path):
    done = cellseg_cli("tune", *planted, "--json", "--picture", tmp_path / "curve.png")
    found = json.loads(done.out)
    assert (found["metric"], found["threshold"], found["value"]) == ("mean_ap", BEST, 1)
    assert 12 < found["minimum_size"] <= 14 * 14
    assert [point["threshold"] for point in found["curve"]] == [*THRESHOLDS]
    assert found["stored"] is None
    assert (tmp_path / "curve.png").stat().st_size > 1000
    words = ("--threshold", found["threshold"], "--minimum-size", found["minimum_size"], "--metrics", "f1@0.95")
    assert json.loads(cellseg_cli("evaluate", *planted, *words, "--json").out)["mean"] == {"f1@0.95": 1}


def test_the_table_names_the_whole_cut(cellseg_cli, planted):
    done = cellseg_cli("tune", *planted)
    assert all(name.replace("_", " ") in done.out for name in CUT)
    assert "--store MODEL" in done.err


def test_the_whole_cut_is_stored_and_the_weights_stay(cellseg_cli, planted, copied):
    """No core stays beside the threshold that was tuned with another one."""
    before, old = copied.read_bytes(), read_card(copied)
    found = json.loads(cellseg_cli("tune", *planted, "--store", copied.parent, "--json").out)
    card = read_card(copied)
    assert {name: getattr(card, name) for name in CUT} == {name: found[name] for name in CUT}
    assert (card.core, card.split) == (0, 0)
    assert card.training["tuned"] == {"metric": "mean_ap", "value": 1.0, "images": 1}
    assert (card.name, card.options, card.class_names) == (old.name, old.options, old.class_names)
    assert weights(copied.read_bytes()) == weights(before)
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


def test_sizes_are_stored_as_the_network_sees_them(cellseg_cli, planted, copied):
    """A model that sees its images at twice their size counts four pixels where the image has one."""
    store_card(copied, replace(read_card(copied), scale=2.0))
    found = json.loads(cellseg_cli("tune", *planted, "--store", copied, "--json").out)
    assert read_card(copied).minimum_size == 4 * found["minimum_size"]


def test_predict_uses_the_stored_threshold(cellseg_cli, planted, copied, sample_folder, tmp_path):
    assert cellseg_cli("tune", *planted, "--store", copied).code == 0
    image = sample_folder / "large/images.tif"
    for name, words in (("stored", ()), ("said", ("--threshold", read_card(copied).threshold))):
        done = cellseg_cli("predict", copied, image, "--out", tmp_path / f"{name}.tif", "--result", "classes", *words)
        assert done.code == 0, done.err
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "stored.tif"), tifffile.imread(tmp_path / "said.tif"))


def test_probabilities_in_bytes(cellseg_cli, planted, tmp_path):
    """Those that cellseg wrote are told from labels."""
    whole = np.rint(tifffile.imread(planted[0]) * 255).astype(np.uint8)
    write_stack(tmp_path / "ours.tif", whole)
    assert json.loads(cellseg_cli("tune", tmp_path / "ours.tif", planted[1], "--json").out)["threshold"] == BEST
    tifffile.imwrite(tmp_path / "other.tif", whole)
    assert_refused(cellseg_cli("tune", tmp_path / "other.tif", planted[1]), "other.tif", "holds labels")


def test_cells_that_nobody_annotated_do_not_count(cellseg_cli, planted, tmp_path):
    some = tifffile.imread(planted[1])
    tifffile.imwrite(tmp_path / "some.tif", np.where(some < 3, some, 0).astype(np.uint16))
    complete, partial = (
        json.loads(cellseg_cli("tune", planted[0], tmp_path / "some.tif", "--truth-is", kind, "--json").out)
        for kind in ("complete", "partial")
    )
    assert (partial["threshold"], partial["value"]) == (BEST, 1)
    assert complete["value"] < 1


def test_what_cannot_be_tuned(cellseg_cli, planted, copied, tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    assert_refused(cellseg_cli("tune", *planted, "--store", tmp_path / "notes.txt"), "notes.txt", "not a model file")
    assert_refused(cellseg_cli("tune", *planted, "--store", tmp_path / "none"), "none")
    assert_refused(cellseg_cli("tune", planted[1], planted[1]), "t.tif", "labels", "--result probabilities")
    store_card(copied, replace(read_card(copied), class_names=("background", "a", "b")))
    assert_refused(cellseg_cli("tune", *planted, "--store", copied), "3 classes")
    assert_refused(cellseg_cli("tune", *planted, "--labels-are", "classes"), "several classes")


def weights(content: bytes) -> bytes:
    return content[8 + int.from_bytes(content[:8], "little") :]

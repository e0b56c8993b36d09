"""evaluate: whose numbers they are, and where the errors lie."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import tifffile

import cellseg
from tests.cli.conftest import assert_refused
from tests.metrics.drawing import PREDICTION, TRUTH, draw


@pytest.fixture
def compare(cellseg_cli, tmp_path):
    """Write prediction and truth, an array or one by name each, and evaluate them."""

    def call(prediction, truth, *words):
        paths = []
        for side, images in (("prediction", prediction), ("truth", truth)):
            for name, image in (images if isinstance(images, dict) else {"a": images}).items():
                (tmp_path / side).mkdir(exist_ok=True)
                small = image.astype(np.uint16) if image.dtype.kind == "i" else image
                tifffile.imwrite(tmp_path / side / f"{name}.tif", small)
            paths.append(tmp_path / side)
        return cellseg_cli("evaluate", *paths, *words)

    return call


def result(done) -> dict:
    assert done.code == 0, done.err
    return json.loads(done.out)


def read_rows(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_images_of_one_name_are_told_by_their_folders(compare, tmp_path):
    for place in ("prediction/s1", "prediction/s2", "truth/s1", "truth/s2"):
        (tmp_path / place).mkdir(parents=True)
    good, bad = {"s1/a": PREDICTION, "s2/a": TRUTH}, {"s1/a": TRUTH, "s2/a": TRUTH}
    names = ["s1/a.tif", "s2/a.tif"]
    words = "--metrics", "f1", "--csv", tmp_path / "objects.csv", "--picture", tmp_path / "errors.png"
    done = compare(good, bad, *words, "--json")
    scores = result(done)
    assert (scores["count"], list(scores["images"])) == (2, names)
    assert scores["images"]["s1/a.tif"]["f1"] < scores["images"]["s2/a.tif"]["f1"] == 1
    assert list(dict.fromkeys(row["image"] for row in read_rows(tmp_path / "objects.csv"))) == names
    assert "errors.png: s1/a.tif" in done.err
    assert all(name in compare(good, bad, *words).out for name in names)
    assert "errors.png: s2/a.tif" in compare(good, bad, *words, "--show", "s2/a.tif").err
    assert list(result(compare(good, bad, "--metrics", "f1", "--volume", "--json"))["images"]) == names


def test_every_object_has_a_row_that_says_where_and_what(compare, tmp_path):
    compare(PREDICTION * 10, TRUTH * 10, "--csv", tmp_path / "objects.csv")
    rows = read_rows(tmp_path / "objects.csv")
    assert [(row["object_in"], row["id"], row["state"]) for row in rows] == [
        ("truth", "10", "true"),
        ("truth", "20", "split"),
        ("truth", "30", "missed"),
        ("truth", "40", "merged"),
        ("truth", "50", "merged"),
        ("prediction", "20", "split"),
        ("prediction", "30", "split"),
        ("prediction", "40", "split"),
        ("prediction", "50", "merged"),
        ("prediction", "60", "invented"),
    ]
    assert rows[0] | {"image": "a.tif", "matched_id": "10", "iou": "1.000000", "seg_j": "1.000000"} == rows[0]
    assert (rows[2]["y"], rows[2]["x"], rows[2]["area"], rows[2]["last_x"]) == ("0.50", "14.00", "6", "15")


def test_pooled_counts_objects_and_the_mean_counts_images(compare):
    one, many = draw("a"), draw("a.b.c")
    found = result(
        compare({"x1": one, "x2": many * 0}, {"x1": one, "x2": many}, "--metrics", "recall,v_rand", "--json")
    )
    assert found["mean"]["recall"] == 0.5
    assert found["pooled"] == {"recall": 0.25}
    assert found["count"] == 2


def test_metrics_come_in_the_order_asked_for(compare):
    found = result(compare(PREDICTION, TRUTH, "--metrics", "v_rand,f1,pixel_error,v_info", "--json"))
    assert list(found["mean"]) == list(found["images"]["a.tif"]) == ["v_rand", "f1", "pixel_error", "v_info"]


def test_thresholds_of_iou(compare):
    found = result(compare(draw("aaa."), draw("aaaa"), "--metrics", "f1,f1@0.75,f1@0.8", "--json"))["mean"]
    assert found == {"f1": 1, "f1@0.75": 1, "f1@0.8": 0}


def test_classes_are_scored_each_by_itself(compare):
    truth = np.kron([[1, 0, 2, 0, 1, 0, 2], [0] * 7, [2, 0, 1, 0, 2, 0, 1]], np.ones((2, 2))).astype(np.uint8)
    found = truth.copy()
    found[:2, :2] = 2
    scores = result(compare(found, truth, "--metrics", "iou,f1", "--labels-are", "classes", "--json"))["mean"]
    assert scores["iou[1]"] == pytest.approx(3 / 4)
    assert scores["iou[2]"] == pytest.approx(4 / 5)
    assert scores["iou"] == pytest.approx((3 / 4 + 4 / 5) / 2)
    assert scores["f1[1]"] == pytest.approx(6 / 7)


def test_probabilities_and_their_threshold(compare):
    truth = draw("aa..").astype(np.uint8)
    probability = np.array([[0.9, 0.6, 0.55, 0.1]], np.float32)
    scores = [
        result(compare(probability, truth, "--metrics", "iou", "--json", *words))
        for words in ((), ("--threshold", 0.6))
    ]
    assert [one["mean"]["iou"] for one in scores] == pytest.approx([2 / 3, 1])
    whole = (probability * 255).astype(np.uint8)
    assert result(compare(whole, truth, "--threshold", 0.58, "--metrics", "iou", "--json"))["mean"]["iou"] == 1


def test_small_cells_and_ignored_pixels_do_not_count(compare):
    truth, found = draw("aaa.b.c"), draw("aaa.bcc")
    assert (
        result(compare(found, truth, "--minimum-size", 2, "--metrics", "recall", "--json"))["mean"]["recall"] == 2 / 3
    )
    words = ("--ignore-label", 3, "--labels-are", "instances", "--metrics", "pixel_error", "--json")
    assert result(compare(found, truth, *words))["mean"]["pixel_error"] == pytest.approx(1 / 7)


def test_only_what_belongs_to_an_annotated_cell_counts_in_partial_truth(compare):
    truth, found = draw("aa......"), draw("aa..b.c.")
    assert result(compare(found, truth, "--metrics", "f1", "--json"))["mean"]["f1"] == 0.5
    assert result(compare(found, truth, "--metrics", "f1", "--json", "--truth-is", "partial"))["mean"]["f1"] == 1


def test_a_stack_as_a_volume(compare):
    truth = np.stack([draw("aa.bb"), draw("aa.bb")]).astype(np.uint16)
    swapped = np.stack([truth[0], np.where(truth[1], 3 - truth[1], 0)]).astype(np.uint16)
    words = ("--labels-are", "instances", "--metrics", "v_rand,v_info_thin,f1", "--json")
    assert result(compare(swapped, truth, *words))["mean"] == {"v_rand": 1, "v_info_thin": 1, "f1": 1}
    volume = result(compare(swapped, truth, *words, "--volume"))
    assert volume["count"] == 1
    assert volume["mean"]["v_rand"] == pytest.approx(0.5)
    assert volume["mean"]["f1"] < 1


@pytest.mark.parametrize("kind", ["probabilities", "mask", "classes"])
def test_a_volume_of_anything_but_cell_numbers(compare, kind):
    """Regions go through the planes."""
    truth = np.stack([draw("aa.bb")] * 2).astype(np.uint16)
    found = {
        "probabilities": (truth > 0) * np.float32(0.9),
        "mask": (truth > 0).astype(np.uint8) * 255,
        "classes": np.minimum(truth, 1).astype(np.uint8) + (truth == 2),
    }[kind]
    words = ("--volume", "--metrics", "recall", "--json", "--labels-are", "classes" if kind == "classes" else "auto")
    scores = result(compare(found, found if kind == "classes" else truth, *words))
    assert scores["mean"]["recall"] == 1


def test_no_match_at_all_is_null_in_json(compare):
    text = compare(draw("..a"), draw("a.."), "--metrics", "hausdorff95", "--json").out
    assert json.loads(text)["mean"] == {"hausdorff95": None}


def test_many_metrics_and_few_both_make_a_table(compare):
    assert (
        "worst image" in compare({"x1": PREDICTION, "x2": TRUTH}, {"x1": TRUTH, "x2": TRUTH}, "--metrics", "cells").out
    )
    assert "pooled" in compare({"x1": PREDICTION, "x2": TRUTH}, {"x1": TRUTH, "x2": TRUTH}, "--metrics", "seg").out


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--metrics", "f1@2"), ["f1@2", "at most 1"]),
        (("--metrics", "seg@0.5"), ["seg@0.5", "average_precision"]),
        (("--metrics", ","), ["no metric"]),
        (("--store", "run"), ["--store", "cellseg tune"]),
        (("--sweep",), ["--sweep", "cellseg tune"]),
        (("--sweep", "--store", "run"), ["cellseg tune"]),
        (("--show", "a.tif"), ["--picture"]),
        (("--show", "b.tif", "--picture", "p.png"), ["b.tif", "a.tif"]),
        (("--planes", "7:9"), ["7:9"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_mistakes(compare, tmp_path, monkeypatch, words, parts):
    monkeypatch.chdir(tmp_path)
    assert_refused(compare(PREDICTION, TRUTH, *words), *parts)
    assert not list(tmp_path.glob("*.png"))


def test_sizes_that_differ_and_probabilities_that_are_none(compare):
    assert_refused(compare(PREDICTION[1:], TRUTH), "a.tif", "4 x 16", "5 x 16")
    assert_refused(compare(PREDICTION.astype(np.float32) * np.nan, TRUTH), "a.tif", "NaN")
    assert_refused(compare(PREDICTION.astype(np.float32), TRUTH, "--threshold", 0.5), "a.tif", "6", "probabilities")


# the Cell Tracking Challenge


def test_seg_of_every_object_in_the_official_log(cellseg_cli, real_data, tmp_path):
    folder = real_data / "ctc_eval_reference" / "PSC01_frames000-011"
    log = (folder / "01_RES" / "SEG_log_excerpt.txt").read_text()
    words = ("--metrics", "seg", "--csv", tmp_path / "objects.csv", "--json")
    found = result(cellseg_cli("evaluate", folder / "01_RES", folder / "01_GT", *words))
    j = {}
    for row in read_rows(tmp_path / "objects.csv"):
        if row["object_in"] == "truth":
            j[row["image"], int(row["id"])] = float(row["seg_j"])
    wanted = {}
    for frame, text in re.findall(r"-+T=(\d+) Z=0-+\n([^-]*)", log):
        name = f"mask{int(frame):03}.tif"
        of_frame = {(name, int(i)): float(v) for i, v in re.findall(r"GT_label=(\d+) J=(\S+)", text)}
        assert found["images"][name]["seg"] == pytest.approx(np.mean(list(of_frame.values())), abs=1e-6)
        wanted |= of_frame
    assert len(wanted) == 906
    assert {key: j[key] for key in wanted} == pytest.approx(wanted, abs=1e-6)


def test_det_is_taken_from_the_markers(cellseg_cli, real_data):
    folder = real_data / "ctc_eval_reference" / "testing_dataset_03"
    found = result(cellseg_cli("evaluate", folder / "03_RES", folder / "03_GT", "--metrics", "det", "--json"))
    assert found["pooled"]["det"] == pytest.approx(0.688, abs=1e-3)


@pytest.fixture
def sequence(tmp_path):
    """DIC-C2DH-HeLa/01 of 3 frames of 140 x 200: frame 0 fully annotated, of frame 1 one cell, of frame 2 markers."""
    cells = np.zeros((140, 200), np.uint16)
    for number, (y, x) in enumerate([(60, 60), (60, 90), (80, 120), (3, 3)], 1):
        cells[y : y + 10, x : x + 10] = number
    markers = np.where(cells == 4, 0, cells)
    base = tmp_path / "DIC-C2DH-HeLa"
    for name, image in {
        "01_GT/SEG/man_seg000.tif": markers,
        "01_GT/SEG/man_seg001.tif": np.where(cells == 1, 7, 0).astype(np.uint16),
        **{f"01_GT/TRA/man_track{k:03}.tif": markers for k in range(3)},
        **{f"01_RES/mask{k:03}.tif": cells for k in range(4)},
        **{f"01/t{k:03}.tif": cells * 30 for k in range(3)},
    }.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(base / name, image)
    return base


def test_partly_annotated_frames_and_the_border_strip(cellseg_cli, sequence, tmp_path):
    words = ("evaluate", sequence / "01_RES", sequence / "01_GT", "--metrics", "seg,f1,det", "--json")
    done = cellseg_cli(*words, "--picture", tmp_path / "errors.png")
    assert "1 of 3 are partly annotated" in done.err
    found = result(done)
    assert found["pooled"] == {"seg": 1, "f1": 1, "det": 1}
    assert set(found["images"]["mask002.tif"]) == {"det"}
    without = result(cellseg_cli("evaluate", sequence / "01_RES", sequence / "01_GT/SEG", "--json"))
    assert set(without["images"]) == {"mask000.tif", "mask001.tif"}
    assert found["count"] == 3
    with_border = result(cellseg_cli(*words, "--border", 0))["images"]
    assert with_border["mask000.tif"]["f1"] == pytest.approx(6 / 7)
    assert with_border["mask001.tif"]["f1"] == 1
    assert with_border["mask002.tif"]["det"] == pytest.approx(1 - 1 / 30)
    complete = result(cellseg_cli(*words, "--truth-is", "complete"))["images"]
    assert complete["mask001.tif"]["f1"] == 0.5


def test_gold_truth_of_single_planes(cellseg_cli, tmp_path):
    volume = np.zeros((3, 20, 20), np.uint16)
    volume[:, 3:9, 3:9], volume[1:, 12:18, 12:18] = 1, 2
    for name, image in {"01_GT/SEG/man_seg_000_002.tif": volume[2], "01_RES/mask000.tif": volume}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(tmp_path / name, image, photometric="minisblack")
    words = ("evaluate", tmp_path / "01_RES", tmp_path / "01_GT", "--metrics", "seg,recall", "--json")
    assert result(cellseg_cli(*words))["images"] == {"mask000.tif[2]": {"seg": 1, "recall": 1}}
    tifffile.imwrite(tmp_path / "01_GT/SEG/man_seg001.tif", volume, photometric="minisblack")
    tifffile.imwrite(tmp_path / "01_RES/mask001.tif", volume * 5, photometric="minisblack")
    done = cellseg_cli(*words, "--csv", tmp_path / "o.csv", "--picture", tmp_path / "e.png")
    assert result(done)["pooled"] == {"seg": 1, "recall": 1}
    assert read_rows(tmp_path / "o.csv")[-1]["z"] == "1.50"


def test_a_frame_without_a_result(cellseg_cli, sequence):
    (sequence / "01_RES/mask001.tif").unlink()
    assert_refused(cellseg_cli("evaluate", sequence / "01_RES", sequence / "01_GT"), "001", "mask013.tif")


def test_frames_of_a_real_sequence_that_are_partly_annotated(cellseg_cli, real_data):
    base = real_data / "ctc/DIC-C2DH-HeLa"
    words = ("--metrics", "seg,f1,det", "--json")
    found = result(cellseg_cli("evaluate", base / "01_ST", base / "01_GT", *words))
    assert found["pooled"]["seg"] > 0.8
    assert found["images"]["man_seg067.tif"]["f1"] == 1
    assert len(found["images"]) == 84


def test_evaluate_needs_no_torch(real_data):
    """In a process of its own, on real labels."""
    folder = real_data / "dsb2018/val/labels"
    code = (
        "import sys; from cellseg import cli; "
        f"code = cli.run(['evaluate', {str(folder)!r}, {str(folder)!r}, '--metrics', 'seg', '--json']); "
        "sys.exit(code or ('torch' in sys.modules) * 7)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pooled"] == {"seg": 1}


@pytest.mark.parametrize("sides", [("prediction", "truth"), ("prediction",), ("truth",), ()])
def test_classes_of_cells_that_are_not_compared_are_said(compare, tmp_path, sides):
    for side in sides:
        (tmp_path / side).mkdir()
        cellseg.CellClasses(("a",), np.array([[0, 1, 1]])).write_beside(tmp_path / side / "a.tif")
    done = compare(PREDICTION, TRUTH)
    assert done.code == 0, done.err
    assert ("classes of cells, in NAME-classes.csv: they are not compared" in done.err) == (len(sides) == 2)

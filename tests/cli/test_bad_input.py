"""Bad input: exit code 2, one line that says what was found and what to do, and nothing half-written."""

import numpy as np
import pytest
import tifffile

from .conftest import assert_refused

PICTURE = (np.random.default_rng(0).random((64, 64)) * 255).astype(np.uint8)
CELLS = np.zeros((64, 64), np.uint8)
CELLS[8:30, 8:30], CELLS[8:30, 34:60] = 1, 2


@pytest.fixture
def train(cellseg_cli, tmp_path):
    """Train on arrays; gives how it ended."""

    def call(images, labels, *more):
        tifffile.imwrite(tmp_path / "images.tif", images, photometric="minisblack")
        tifffile.imwrite(tmp_path / "labels.tif", labels, photometric="minisblack")
        words = ("--images", tmp_path / "images.tif", "--labels", tmp_path / "labels.tif", "--out", tmp_path / "run")
        was_there = (tmp_path / "run").exists()
        done = cellseg_cli("train", *words, "--steps", 1, "--base", 2, "--depth", 1, *more)
        assert done.code == 0 or (tmp_path / "run").exists() == was_there
        return done

    return call


def test_a_missing_file(cellseg_cli, run_folder, tmp_path):
    done = cellseg_cli("predict", run_folder, tmp_path / "none.tif", "--out", tmp_path / "o.tif")
    assert_refused(done, "none.tif")
    assert not list(tmp_path.iterdir())


def test_a_missing_model(cellseg_cli, tmp_path):
    assert_refused(cellseg_cli("predict", tmp_path / "run", "i.tif", "--out", tmp_path / "o.tif"), "run")


def test_a_folder_with_no_pairs(cellseg_cli, tmp_path):
    done = cellseg_cli("train", "--images", tmp_path, "--labels", tmp_path, "--out", tmp_path / "run")
    assert_refused(done, str(tmp_path))


def test_image_and_label_of_different_size(train):
    assert_refused(train(PICTURE, CELLS[:60]), "images.tif", "64", "60")


def test_a_stack_with_fewer_labels(train):
    assert_refused(train(np.stack([PICTURE] * 3), np.stack([CELLS] * 2)), "3", "2")


def test_a_truncated_stack(cellseg_cli, run_folder, tmp_path):
    whole = tmp_path / "whole.tif"
    tifffile.imwrite(whole, np.stack([PICTURE] * 8), imagej=True)
    (tmp_path / "cut.tif").write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    assert_refused(cellseg_cli("predict", run_folder, tmp_path / "cut.tif", "--out", tmp_path / "o.tif"), "cut.tif")
    assert not (tmp_path / "o.tif").exists()


def test_no_tiff_at_all(cellseg_cli, run_folder, tmp_path):
    (tmp_path / "text.tif").write_text("this is no picture")
    assert_refused(cellseg_cli("predict", run_folder, tmp_path / "text.tif", "--out", tmp_path / "o.tif"), "text.tif")


def test_labels_with_anti_aliased_edges(train):
    soft = np.zeros((64, 64), np.uint8)
    soft[10:40, 10:40] = 255
    for k, value in enumerate(range(20, 240, 20)):
        soft[40, 10 + 2 * k : 12 + 2 * k] = value
        soft[9, 10 + 2 * k : 12 + 2 * k] = 255 - value
    assert_refused(train(PICTURE, soft), "labels.tif")


def test_an_image_with_nan(train):
    image = PICTURE.astype(np.float32)
    image[3, 4] = np.nan
    assert_refused(train(image, CELLS), "images.tif")


def test_a_nan_in_an_image_to_predict(cellseg_cli, run_folder, tmp_path):
    image = PICTURE.astype(np.float32)
    image[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "i.tif", image)
    assert_refused(cellseg_cli("predict", run_folder, tmp_path / "i.tif", "--out", tmp_path / "o.tif"), "i.tif", "NaN")
    assert [p.name for p in tmp_path.iterdir()] == ["i.tif"]


def test_labels_that_hold_nothing(train):
    assert_refused(train(PICTURE, np.zeros_like(CELLS)), "labels.tif")


def test_an_rgb_image_where_the_model_wants_grey(cellseg_cli, run_folder, tmp_path):
    tifffile.imwrite(tmp_path / "rgb.tif", np.stack([PICTURE] * 3, -1), photometric="rgb")
    done = cellseg_cli("predict", run_folder, tmp_path / "rgb.tif", "--out", tmp_path / "o.tif")
    assert_refused(done, "rgb.tif", "3 channels", "--channel")
    assert not (tmp_path / "o.tif").exists()


def test_a_tile_too_small(cellseg_cli, run_folder, sample_folder, tmp_path):
    words = ("predict", run_folder, sample_folder / "large/images.tif", "--out", tmp_path / "o.tif")
    assert_refused(cellseg_cli(*words, "--tile", 3), "--tile 3", "8")
    assert not list(tmp_path.iterdir())


def test_a_run_folder_that_exists(train, tmp_path):
    assert train(PICTURE, CELLS).code == 0
    before = sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "run").iterdir())
    tifffile.imwrite(tmp_path / "images.tif", PICTURE)
    done = train(PICTURE, CELLS)
    assert_refused(done, "run", "--resume")
    assert sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "run").iterdir()) == before


def test_the_image_is_never_replaced_by_its_result(cellseg_cli, run_folder, tmp_path):
    tifffile.imwrite(tmp_path / "i.tif", PICTURE)
    assert_refused(cellseg_cli("predict", run_folder, tmp_path / "i.tif", "--out", tmp_path / "i.tif"), "i.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "i.tif"), PICTURE)


def test_a_file_that_cellseg_did_not_make_is_never_replaced(cellseg_cli, run_folder, tmp_path):
    tifffile.imwrite(tmp_path / "i.tif", PICTURE)
    (tmp_path / "annotation.tif").write_bytes(b"work of a day")
    done = cellseg_cli("predict", run_folder, tmp_path / "i.tif", "--out", tmp_path / "annotation.tif")
    assert_refused(done, "annotation.tif")
    assert (tmp_path / "annotation.tif").read_bytes() == b"work of a day"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["train", "--out", "r", "--steps", "0"], "--steps"),
        (["train", "--out", "r", "--recipe", "pape"], "paper"),
        (["train", "--out", "r", "--model", "vnet", "--images", "a", "--labels", "b"], "a"),
        (["train", "--out", "r"], "--images"),
        (["predict"], "--model"),
        (["evaluate", "a.tif", "b.tif", "--metrics", "beauty"], "beauty"),
        (["evaluate", "a.tif", "b.tif"], "a.tif"),
        (["weights", "none.tif", "--out", "w.tif"], "none.tif"),
        (["info", "none.tif"], "none.tif"),
        (["segment"], "segment"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_other_mistakes(cellseg_cli, monkeypatch, tmp_path, words, part):
    monkeypatch.chdir(tmp_path)
    assert_refused(cellseg_cli(*words), part)
    assert not list(tmp_path.iterdir())


def test_labels_in_place_of_an_image_are_said(cellseg_cli, untrained, tmp_path):
    tifffile.imwrite(tmp_path / "labels.tif", CELLS)
    done = cellseg_cli("predict", untrained, tmp_path / "labels.tif", "--out", tmp_path / "o.tif")
    assert done.code == 0
    assert "warning: labels.tif: looks like labels, not like an image" in done.err


def test_how_labels_are_read_is_no_warning(cellseg_cli, tmp_path):
    for sub in ("images", "masks"):
        (tmp_path / sub).mkdir()
    tifffile.imwrite(tmp_path / "images/a.tif", PICTURE)
    for k in (1, 2):
        tifffile.imwrite(tmp_path / f"masks/{k}.tif", (k == CELLS).astype(np.uint8))
    words = ("--images", tmp_path / "images", "--labels", tmp_path / "masks", "--out", tmp_path / "run", "--dry-run")
    done = cellseg_cli("train", *words, "--steps", 1, "--base", 2, "--depth", 1, "--trust-pairs")
    assert done.code == 0, done.err
    lines = [line for line in done.err.splitlines() if "one mask file for each cell" in line]
    assert lines
    assert not any(line.startswith("warning:") for line in lines)

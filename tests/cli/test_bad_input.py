"""Bad input: exit code 2, one line that says what was found and what to do, and nothing half-written."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

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


def write_png(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def test_a_turned_photograph_is_said_once(cellseg_cli, untrained, tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    write_png(tmp_path / "a.jpg", PICTURE, exif=turned)
    done = cellseg_cli("predict", untrained, tmp_path / "a.jpg", "--out", tmp_path / "o.tif", "--table", tmp_path / "t")
    assert done.code == 0, done.err
    lines = [line for line in done.err.splitlines() if "a.jpg: its Orientation tag (6) is ignored" in line]
    assert len(lines) == 1
    assert lines[0].startswith("warning: ")


SEEN = np.where(CELLS > 0, 255, 0).astype(np.uint8)
TRANSPARENT = {
    "white": (np.dstack([*[np.full_like(SEEN, 255)] * 3, SEEN]), False),
    "black": (np.dstack([*[np.zeros_like(SEEN)] * 3, SEEN]), False),
    "grey": (np.dstack([np.full_like(SEEN, 255), SEEN]), False),
    "on black": (np.dstack([CELLS * 90, CELLS * 40, CELLS * 9, SEEN]), True),
    "opaque": (np.dstack([CELLS * 90, CELLS * 40, CELLS * 9, np.full_like(SEEN, 255)]), True),
}


@pytest.mark.parametrize("name", TRANSPARENT)
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_labels_on_a_transparent_ground(cellseg_cli, tmp_path, name, ending):
    """Without its transparency all of such an image would be one cell, or none."""
    pixels, is_read = TRANSPARENT[name]
    path = tmp_path / f"l.{ending}"
    if ending == "png":
        write_png(path, pixels)
    else:
        kind = "rgb" if pixels.shape[-1] == 4 else "minisblack"
        tifffile.imwrite(path, pixels, photometric=kind, planarconfig="contig", extrasamples=["unassalpha"])
    done = cellseg_cli("convert", path, "--out", tmp_path / "o.tif", "--labels-are", "instances")
    if is_read:
        assert done.code == 0, done.err
        assert ((tifffile.imread(tmp_path / "o.tif") > 0) == (CELLS > 0)).all()
    else:
        assert_refused(done, path.name, "transparent", "on black")
        assert not (tmp_path / "o.tif").exists()


@pytest.mark.parametrize("name", ["a.zip", "a.json", "a.geojson", "a.npz", "a.h5", "a.png", "a.tif"])
def test_an_empty_label_file(cellseg_cli, tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert_refused(cellseg_cli("convert", tmp_path / name, "--out", tmp_path / "o.tif"), name, "is empty")


def coco(path, file_name, *polygons):
    annotations = [{"id": k, "image_id": 1, "segmentation": [corners]} for k, corners in enumerate(polygons)]
    images = [{"id": 1, "file_name": file_name, "height": 64, "width": 64}]
    path.write_text(json.dumps({"images": images, "annotations": annotations}), "utf-8")
    return path


def test_annotations_of_another_image_are_refused(cellseg_cli, tmp_path):
    image = write_png(tmp_path / "well_07.png", PICTURE)
    for name, fits in (("well_07.tif", True), ("labels.tif", True), ("other.tif", False), ("well_08.tif", False)):
        labels = coco(tmp_path / "a.json", name, [1, 1, 9, 1, 9, 9])
        for command, *words in (("convert", "--overwrite", "--like"), ("weights", "--like"), ("measure",)):
            done = cellseg_cli(command, labels, *words, image, "--out", tmp_path / f"{command}.tif")
            if fits:
                assert done.code == 0, done.err
            else:
                assert_refused(done, "well_07.png", name, "a.json")


def test_cells_that_vanish_and_cells_that_are_cut_are_said(cellseg_cli, tmp_path):
    image = write_png(tmp_path / "a.png", PICTURE)
    small, cut, whole = [1.1, 1.1, 1.3, 1.1, 1.3, 1.3], [50, 50, 90, 50, 90, 90, 50, 90], [9, 9, 19, 9, 19, 19]
    coco(tmp_path / "a.json", "a.png", cut, whole)
    rings = [[[x, y] for x, y in zip(one[::2], one[1::2], strict=True)] for one in (small, cut, whole)]
    kind, polygon = "FeatureCollection", "Polygon"
    features = [{"type": "Feature", "geometry": {"type": polygon, "coordinates": [ring]}} for ring in rings]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": kind, "features": features}), "utf-8")
    for name, of, vanished in (("a.json", 2, False), ("a.geojson", 3, True)):
        done = cellseg_cli("convert", tmp_path / name, "--like", image, "--out", tmp_path / f"{name}.tif")
        assert done.code == 0, done.err
        assert f"{name}: 1 of {of} cells reach beyond the image and are cut" in done.err
        assert ("1 cells cover no pixel" in done.err) == vanished

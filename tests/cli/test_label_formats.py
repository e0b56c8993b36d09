"""Every command that takes labels takes those of every format, and finds the same cells in them."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import tifffile
from PIL import Image

import cellseg
from cellseg.cli.pictures import contact_sheet

SIDE = 48
BOXES = ((4, 4, 14, 18), (16, 4, 30, 16), (4, 24, 20, 40), (24, 22, 40, 34), (33, 2, 44, 16), (28, 38, 44, 46))
COLOURS = np.array([(0, 0, 0), *((40 * k, 255 - 30 * k, 9 * k) for k in range(1, 7))], np.uint8)


def cells() -> np.ndarray:
    labels = np.zeros((SIDE, SIDE), np.uint16)
    for number, (top, left, bottom, right) in enumerate(BOXES, 1):
        labels[top:bottom, left:right] = number
    labels[8:10, 8:12] = 0  # a hole
    return labels


def picture() -> np.ndarray:
    return (40 * (cells() > 0) + np.random.default_rng(0).integers(0, 9, (SIDE, SIDE))).astype(np.uint8)


def tif(folder):
    tifffile.imwrite(folder / "a.tif", cells())


def png(folder):
    Image.fromarray(cells()).save(folder / "a.png")


def coloured(folder):
    Image.fromarray(COLOURS[cells()]).save(folder / "a.png")


def webp(folder):
    Image.fromarray(COLOURS[cells()]).save(folder / "a.webp", lossless=True)


def converted(ending):
    return lambda folder: cellseg.convert(cells(), folder / f"a{ending}", labels_are="instances")


def npz(folder):
    np.savez(folder / "a.npz", labels=cells())


def npy(folder):
    np.save(folder / "a.npy", cells())


def hdf5(folder):
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        file["label"] = cells()


def labelme(folder):
    def shape(number):
        rows, columns = np.nonzero(cells() == number)
        top, left, bottom, right = (int(k) for k in (rows.min(), columns.min(), rows.max(), columns.max()))
        picture = io.BytesIO()
        Image.fromarray(cells()[top : bottom + 1, left : right + 1] == number).save(picture, "png")
        mask = base64.b64encode(picture.getvalue()).decode()
        return {"label": "x", "shape_type": "mask", "points": [[left, top], [right, bottom]], "mask": mask}

    tree = {"imageHeight": SIDE, "imageWidth": SIDE, "shapes": [shape(number) for number in range(1, 7)]}
    (folder / "a.json").write_text(json.dumps(tree), "utf-8")


def coco(folder):
    converted(".json")(folder)
    text = (folder / "a.json").read_text("utf-8")
    (folder / "a.json").write_text(text.replace('"labels"', '"a.tif"'), "utf-8")


def single_masks(folder):
    (folder / "masks").mkdir()
    for number in range(1, 7):
        Image.fromarray((cells() == number).astype(np.uint8) * 255).save(folder / f"masks/{number}.png")


WRITERS = {
    "tif": tif,
    "png": png,
    "coloured png": coloured,
    "webp": webp,
    "masks": single_masks,
    "npy": npy,
    "npz": npz,
    "hdf5": hdf5,
    "labelme": labelme,
    "coco": coco,
    "zarr": converted(".ome.zarr"),
    "rois": converted(".zip"),
    "geojson": converted(".geojson"),
}
UNSIZED = ("rois", "geojson")
"""Formats that do not say how large their image is."""


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """A folder with the image, its labels as a TIFF, their weights, and probabilities."""
    folder = tmp_path_factory.mktemp("truth")
    (folder / "images").mkdir()
    tifffile.imwrite(folder / "images/a.tif", picture())
    tifffile.imwrite(folder / "truth.tif", cells())
    tifffile.imwrite(folder / "probability.tif", np.where(cells() > 0, 0.9, 0.1).astype(np.float32))
    return folder


@pytest.fixture(scope="module", params=WRITERS)
def labels(request, tmp_path_factory):
    """Labels in one format, and how a command is told the size of their image."""
    folder = tmp_path_factory.mktemp("labels")
    WRITERS[request.param](folder)
    return next(path for path in folder.iterdir())


@pytest.fixture
def ask(cellseg_cli):
    """Run a command that must do; gives what it tells."""

    def call(*words):
        done = cellseg_cli(*words)
        assert done.code == 0, done.err
        return json.loads(done.out) if "--json" in words else done.err

    return call


def like(labels, truth):
    return ("--like", truth / "images/a.tif") if labels.suffix in (".zip", ".geojson") else ()


def test_weights(ask, labels, truth, tmp_path):
    ask("weights", labels, "--out", tmp_path / "w.tif", *like(labels, truth))
    ask("weights", truth / "truth.tif", "--out", tmp_path / "wanted.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "w.tif"), tifffile.imread(tmp_path / "wanted.tif"))


def test_weights_of_what_is_annotated(ask, labels, truth, tmp_path):
    tifffile.imwrite(tmp_path / "annotated.tif", np.pad(np.ones((24, SIDE), np.uint8), ((0, 24), (0, 0))))
    words = "--annotated", tmp_path / "annotated.tif"
    ask("weights", labels, "--out", tmp_path / "w.tif", *like(labels, truth), *words)
    found = tifffile.imread(tmp_path / "w.tif")
    assert found[:24].any()
    assert not found[24:].any()


def test_convert(ask, labels, truth, tmp_path):
    ask("convert", labels, "--out", tmp_path / "o.tif", *like(labels, truth))
    both = np.stack([tifffile.imread(tmp_path / "o.tif").ravel(), cells().ravel()])
    assert np.unique(both, axis=1).shape[1] == 7, "each cell has the pixels of one"


def test_measure(ask, labels, truth, tmp_path):
    found = ask("measure", labels, truth / "images/a.tif", "--out", tmp_path / "o.csv", "--json")
    assert (found["cells"], found["mean"]["area_px"]) == (6, np.count_nonzero(cells()) / 6)


def test_evaluate_as_truth_and_as_prediction(ask, labels, truth):
    for sides in ((truth / "truth.tif", labels), (labels, truth / "truth.tif")):
        assert ask("evaluate", *sides, "--metrics", "f1", "--json")["mean"]["f1"] == 1


def test_tune(ask, labels, truth):
    assert ask("tune", truth / "probability.tif", labels, "--json")["value"] == 1


@pytest.mark.parametrize("folders", [False, True], ids=["files", "folders"])
def test_check(ask, labels, truth, folders):
    given = (truth / "images", labels.parent) if folders else (truth / "images/a.tif", labels)
    assert ask("check", *given, "--trust-pairs", "--json")["summary"]["cells"] == 6


@pytest.mark.parametrize("name", ["rois", "coco", "masks"])
def test_commands_that_take_images_and_labels_as_check_does(ask, tmp_path, monkeypatch, name):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    tifffile.imwrite(tmp_path / "images/a.tif", picture())
    WRITERS[name](tmp_path / "labels")
    given = tmp_path / "images/a.tif", next((tmp_path / "labels").iterdir())
    words = ("train", "--images", given[0], "--labels", given[1], "--out", tmp_path / "run", "--dry-run")
    ask(*words, "--trust-pairs", "--steps", 1, "--base", 2, "--depth", 1)
    monkeypatch.setattr(contact_sheet, "draw_sheet", lambda rows, *_, **__: rows)  # which takes ten seconds
    assert "wrote" in ask("augment", *given, "--out", tmp_path / "o.png", "--tile", "16")


@pytest.mark.parametrize("ending", [".zip", ".geojson", ".json", ".png"])
def test_split(ask, tmp_path, ending):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for k, name in enumerate("abcd"):
        tifffile.imwrite(tmp_path / f"images/{name}.tif", np.roll(picture(), 7 * k, 0))
        cellseg.convert(np.roll(cells(), 7 * k, 0), tmp_path / f"labels/{name}{ending}", labels_are="instances")
        file = tmp_path / f"labels/{name}{ending}"
        if ending == ".json":
            file.write_text(file.read_text("utf-8").replace('"labels"', f'"{name}.tif"'), "utf-8")
    ask("split", tmp_path / "images", tmp_path / "labels", "--out", tmp_path / "parts")
    written = sorted((tmp_path / "parts").glob("*/labels/*"))
    assert len(written) == 4
    for file in written:
        found = cellseg.open_image(file).read(0)[0]
        assert (found == np.roll(cells(), 7 * "abcd".index(file.name[0]), 0)).all()

"""Faults on the way, with real files: a full disk, a changed image, two programs at once. Nothing is half-written."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference.journal import journal_folder
from cellseg.inference.segment import segment
from cellseg.models.trained import load
from cellseg.options import PredictOptions
from tests.forked import Forked

from .conftest import assert_refused


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


# a disk that is full ---------------------------------------------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
FULL = {
    "torchscript": ["export", "{model}", "--format", "torchscript", "--out", "{out}/m.pt"],
    "repair": ["check", "{images}", "{labels}", "--fix", "{out}/fixed"],
    "sample": ["sample", "blobs", "{out}/s", "--size", "64"],
    "table": [
        "predict",
        "{model}",
        "{images}",
        "--out",
        "{folder}/r.tif",
        "--table",
        "{out}/cells.csv",
        "--tile",
        "64",
    ],
}


@posix
@pytest.mark.parametrize("name", FULL)
def test_a_full_disk_leaves_nothing_half_written(untrained, sample_folder, tmp_path, name):
    places = {"model": untrained, "out": tmp_path / "out", "folder": tmp_path}
    places |= {"images": sample_folder / "train/images.tif", "labels": sample_folder / "train/labels.tif"}
    places["out"].mkdir()
    code, err = Forked(*[word.format(**places) for word in FULL[name]], limit_bytes=4000).finish()
    assert (code, "Traceback" in err) == (2, False), err
    lines = [line for line in err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert "File too large" in lines[0] or "disk" in lines[0]
    assert left_in(places["out"]) == []


# an image that is changed ----------------------------------------------------------------------------------------


@pytest.fixture
def image(tmp_path):
    """96 x 96 pixels, uncompressed: what overwrites it is of the same size."""
    tifffile.imwrite(tmp_path / "i.tif", np.random.default_rng(0).integers(0, 255, (96, 96)).astype(np.uint8))
    return tmp_path / "i.tif"


def predicted_while(image, model, out, change, **options):
    """Predict; after the first tile change the image."""
    steps = segment(load(model), open_image(image), out, PredictOptions(tile=24), **options)
    for step in steps:
        if getattr(step, "done", 0) and change is not None:
            change(image)
            change = None


def overwrite(image):
    with open(image, "r+b") as file:
        file.seek(-50, os.SEEK_END)
        file.write(bytes(50))


def replace(image):
    other = image.with_name("other.tif")
    tifffile.imwrite(other, np.zeros((96, 96), np.uint8))
    os.replace(other, image)


def truncate(image):
    os.truncate(image, image.stat().st_size // 2)


@pytest.mark.parametrize("change", [overwrite, replace, truncate])
def test_an_image_that_is_changed_while_it_is_predicted_gives_no_result_of_both(image, untrained, tmp_path, change):
    out = tmp_path / "out.tif"
    predicted_while(image, untrained, out, None)
    before = out.read_bytes()
    with pytest.raises(InputError, match=r"i.tif: .*changed"):
        predicted_while(image, untrained, out, change)
    assert out.read_bytes() == before
    if change is not truncate:
        assert not journal_folder(out).exists()


# two at once -----------------------------------------------------------------------------------------------------


def test_a_second_training_into_one_folder_is_refused(sample_folder, tmp_path):
    train, run = sample_folder / "train", tmp_path / "run"
    how = {"steps": 3, "base": 2, "depth": 1, "validation": 1}
    first = cellseg.train(train / "images.tif", train / "labels.tif", out=run, **how)
    next(first)
    again = cellseg.train(train / "images.tif", train / "labels.tif", out=run, resume=True, **how)
    with pytest.raises(InputError, match="is being written by another cellseg"):
        next(again)
    assert [type(event).__name__ for event in first][-1] == "Finished"
    assert not [name for name in left_in(run) if name.endswith(".lock")]


# several images of which none is written -------------------------------------------------------------------------


def test_where_no_image_has_a_result_it_is_an_error_as_of_one(cellseg_cli, untrained, sample_folder, tmp_path):
    (tmp_path / "file").write_text("")
    images = [sample_folder / "train/images.tif", sample_folder / "large/images.tif"]
    for number, path in enumerate(images):
        (tmp_path / f"{number}.tif").write_bytes(path.read_bytes())
    done = cellseg_cli("predict", untrained, tmp_path / "0.tif", tmp_path / "1.tif", "--out", tmp_path / "file/out")
    assert_refused(done, "cannot be written")

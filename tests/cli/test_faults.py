"""Faults on the way, with real files: a full disk, a changed image, two programs at once. Nothing is half-written."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import signal
import sys
import time
from contextlib import suppress

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


SLOW = {"torchscript": pytest.mark.slow}  # torch's tracer, in a process of its own


@posix
@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in FULL])
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


def test_files_are_there_also_where_standard_output_is_full(cellseg_cli, sample_folder, tmp_path, monkeypatch):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    labels = sample_folder / "train/labels.tif"
    monkeypatch.setattr(sys, "stdout", Full())
    assert_refused(cellseg_cli("evaluate", labels, labels, "--csv", tmp_path / "e.csv", "--json"), "No space left")
    assert (tmp_path / "e.csv").read_text().count("\n") > 1


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


# ends at any moment ----------------------------------------------------------------------------------------------


def send(process, how):
    """Send a signal to a process that may have ended."""
    with suppress(ProcessLookupError):
        process.send(how)


def digest(path):
    """What a file holds, or all files of a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_whatever_asks_for_an_end_leaves_nothing_half_written(sample_folder, tmp_path, name):
    """A queue, a terminal that is closed, Ctrl-C; the second within a moment changes nothing."""
    code = None
    for wait in (0.3, 0.1, 0.0):  # on a fast machine it may have ended before
        out = tmp_path / f"{wait}/cells.csv"
        process = Forked("sample", "em", out.with_name("s"), "--size", 600, "--count", 3)
        time.sleep(wait)
        for _ in range(2):
            send(process, getattr(signal, name))
        code, err = process.finish()
        assert (code in (0, 130, -getattr(signal, name)), "Traceback" in err) == (True, False), err
        if code == 130:
            assert err.splitlines()[-1] == "error: interrupted"
            assert not out.parent.exists() or [n for n in left_in(out.parent) if not n.endswith(".lock")] == []
            return
    pytest.skip(f"it was never met at work ({code})")


@pytest.fixture
def kill_words(run_folder, sample_folder, tmp_path):
    """Commands that are killed, each with what stands at its place before, and what makes the same anew."""
    train, large, model = sample_folder / "train", sample_folder / "large", tmp_path / "model.safetensors"
    shutil.copy(run_folder / "model.safetensors", tmp_path / "untuned")
    Forked(
        "predict", run_folder, large / "images.tif", "--out", tmp_path / "p.tif", "--result", "probabilities"
    ).finish()
    how = ["--steps", "8", "--base", "2", "--depth", "1", "--save-every", "0"]
    files = ["--images", train / "images.tif", "--labels", train / "labels.tif"]
    tiles = ["predict", run_folder, large / "images.tif", "--tile", 24]
    convert = ["convert", large / "labels.tif", "--overwrite"]
    return {
        "predict": ([*tiles, "--out", tmp_path / "r.tif"], "--resume"),
        "train": (["train", *files, *how, "--out", tmp_path / "run"], "--resume"),
        "tune": (["tune", tmp_path / "p.tif", large / "labels.tif", "--store", model], ""),
        "convert": ([*convert, "--out", tmp_path / "c.geojson"], ""),
    }


@posix
@pytest.mark.slow  # 20 times each, and each is begun twice
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", ["predict", "train", "tune", "convert"])
def test_twenty_kills_at_any_moment(kill_words, tmp_path, name):
    """From the first moment to the last: what stood there is there, or the new one; the next run ends in the same."""
    words, resume = kill_words[name]
    out, rng, killed = words[-1], np.random.default_rng(1), 0
    before = _put_back(name, out, tmp_path)
    began = time.monotonic()
    assert Forked(*words).finish()[0] == 0
    seconds, wanted = time.monotonic() - began, _result(name, out)
    for moment in rng.uniform(0, 1.05 * seconds, 20):
        assert _put_back(name, out, tmp_path) == before
        process = Forked(*words)
        time.sleep(moment)
        send(process, signal.SIGKILL)
        code, _ = process.finish()
        killed += code == -signal.SIGKILL
        assert not out.is_file() or digest(out) in (before, wanted)
        code, err = Forked(*words, *[resume] * bool(resume)).finish()
        assert (code, _result(name, out)) == (0, wanted), (moment, err)
        assert not [path for path in tmp_path.rglob("*") if path.suffix in (".part", ".tiles")]
    print(f"\n{name}: {killed} of 20 killed before their end, 20 of 20 the same")


def _put_back(name, out, folder):
    """Remove what a run has made; an earlier result that stands there, by its digest, or None."""
    for path in (out, out.with_name(f".{out.name}.tiles")):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    if name == "tune":
        shutil.copy(folder / "untuned", out)
    elif name == "convert":
        out.write_text("an earlier one")
    return digest(out) if out.exists() else None


def _result(name, out):
    return digest(out / "model.safetensors" if name == "train" else out)

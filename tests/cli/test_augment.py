"""cellseg augment: a contact sheet that follows from the seed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from matplotlib.image import imread

from cellseg.images.write import write_stack

from .conftest import assert_refused

SMALL = ("--tile", 32)


def test_a_sheet_follows_from_the_seed(cellseg_cli, sample_folder, tmp_path):
    train = sample_folder / "train"
    off = ("--elastic", 0, "--scale", 0, "--noise", 0)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        words = (train / "images.tif", train / "labels.tif", "--out", tmp_path / f"{name}.png", "--seed", seed)
        assert cellseg_cli("augment", *words, *SMALL, *off).code == 0
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c
    picture = imread(tmp_path / "a.png")
    assert picture.shape[0] > picture.shape[1] > 500


def test_parts_that_are_off_have_no_row(cellseg_cli, sample_folder, tmp_path):
    train = sample_folder / "train"
    words = (train / "images.tif", train / "labels.tif", *SMALL)
    off = ("--no-rotate", "--no-flip", "--scale", 0, "--grey", 0, "--blur", 0, "--noise", 0, "--elastic", 0)
    assert cellseg_cli("augment", *words, "--out", tmp_path / "all.png").code == 0
    assert cellseg_cli("augment", *words, "--out", tmp_path / "few.png", *off).code == 0
    heights = [imread(tmp_path / name).shape[0] for name in ("all.png", "few.png")]
    assert heights[1] < 0.6 * heights[0]


def test_labels_that_do_not_fit_are_refused(cellseg_cli, sample_folder, tmp_path):
    images, labels = sample_folder / "train/images.tif", sample_folder / "large/labels.tif"
    assert_refused(cellseg_cli("augment", images, labels, "--out", tmp_path / "s.png"), "images.tif")
    write_stack(tmp_path / "flat.tif", np.zeros((4, 96, 96), np.uint8))
    done = cellseg_cli("augment", images, tmp_path / "flat.tif", "--out", tmp_path / "s.png")
    assert_refused(done, "nothing is labelled")
    assert_refused(cellseg_cli("augment", images, labels, "--out", tmp_path / "s.png", "--tile", 2), "--tile is 2")
    assert not (tmp_path / "s.png").exists()


def test_it_needs_no_torch(sample_folder, tmp_path):
    train = sample_folder / "train"
    words = ["augment", train / "images.tif", train / "labels.tif", "--out", tmp_path / "s.png", *SMALL]
    run = f"assert cli.run({[str(w) for w in words]}) == 0"
    code = f"import sys; from cellseg import cli; {run}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).returncode == 0

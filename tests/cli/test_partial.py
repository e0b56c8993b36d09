"""cellseg train on images that are annotated in part."""

from __future__ import annotations

import json

import numpy as np
import tifffile

from .conftest import assert_refused

SMALL = ("--steps", 2, "--base", 2, "--depth", 1, "--tile", 32, "--validation", 1)


def test_masks_are_used_remembered_and_said(cellseg_cli, sample_folder, tmp_path):
    train, run, masks = sample_folder / "train", tmp_path / "run", np.ones((4, 96, 96), np.uint8)
    masks[:, :24] = 0
    tifffile.imwrite(tmp_path / "m.tif", masks, photometric="minisblack")
    words = ("--images", train / "images.tif", "--labels", train / "labels.tif", "--annotated", tmp_path / "m.tif")
    done = cellseg_cli("train", *words, "--out", run, *SMALL)
    assert done.code == 0, done.err
    assert "25.0% of the pixels are not annotated" in done.err
    maps = [np.load(path) for path in sorted((run / "weights").iterdir())]
    assert len(maps) == 3
    assert all((m[:24] == 0).all() and (m[24:] > 0).all() for m in maps)
    assert json.loads((run / "config.json").read_text())["annotated"].endswith("m.tif")
    again = cellseg_cli("train", "--out", run, "--resume")
    assert again.code == 0, again.err
    assert "3 kept from before" in again.err
    tifffile.imwrite(tmp_path / "m.tif", masks[:3], photometric="minisblack")
    assert_refused(cellseg_cli("train", *words, "--out", tmp_path / "other", *SMALL), "--annotated", "3")
    assert not (tmp_path / "other").exists()


def test_a_sequence_of_the_challenge(cellseg_cli, real_data, tmp_path):
    for name in ("01/t{}.tif", "01_GT/SEG/man_seg{}.tif"):
        for time in ("098", "122"):
            part = tifffile.imread(real_data / "ctc/PhC-C2DL-PSC" / name.format(time))[:150, -200:]
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(tmp_path / name.format(time), part)
    words = ("--images", tmp_path / "01", "--labels", tmp_path / "01_GT", "--out", tmp_path / "run")
    done = cellseg_cli("train", *words, *SMALL)
    assert done.code == 0, done.err
    assert "1 images to learn from, 1 held out; labels are numbered cells" in done.err
    assert "of the pixels are not annotated" in done.err


def test_a_sequence_of_other_images(cellseg_cli, real_data, tmp_path):
    data = real_data / "ctc"
    words = ("--images", data / "DIC-C2DH-HeLa/01", "--labels", data / "PhC-C2DL-PSC/01_GT")
    assert_refused(cellseg_cli("train", *words, "--out", tmp_path / "run", *SMALL), "other images", "PhC-C2DL-PSC/01")
    assert not (tmp_path / "run").exists()

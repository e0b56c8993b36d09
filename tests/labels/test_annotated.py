"""Pairs that are annotated in part: masks beside the labels, and folders of the Cell Tracking Challenge."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

from cellseg.errors import InputError
from cellseg.labels.annotated import find_annotated_pairs, read_truth
from cellseg.options import LabelOptions

CELLS = np.zeros((40, 50), np.uint8)
CELLS[5:15, 5:15], CELLS[20:30, 30:40], CELLS[16:20, 5:15] = 1, 2, 255
PICTURE = np.random.default_rng(0).integers(0, 40, CELLS.shape).astype(np.uint8) + 150 * (CELLS > 0).astype(np.uint8)


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array, photometric="minisblack", metadata=None)
    return path


def test_a_mask_and_a_label_of_ignored_pixels_together(tmp_path):
    images, labels = (save(tmp_path / name, np.stack([a, a])) for name, a in (("i.tif", PICTURE), ("l.tif", CELLS)))
    seen = np.zeros((2, 40, 50), np.uint8)
    seen[0, :25], seen[1] = 255, 1
    pairs = find_annotated_pairs(images, labels, save(tmp_path / "m.tif", seen))
    one, two = (read_truth(pair, "instances", LabelOptions(ignore_label=255)) for pair in pairs)
    assert (one.ignore == ((CELLS == 255) | (seen[0] == 0))).all()
    assert (two.ignore == (CELLS == 255)).all()
    for truth in (one, two):
        assert not truth.instances[truth.ignore].any()
        assert not truth.classes[truth.ignore].any()
    assert (two.instances == np.where(CELLS == 255, 0, CELLS)).all()


def test_masks_that_do_not_fit(tmp_path):
    images, labels = save(tmp_path / "i.tif", PICTURE), save(tmp_path / "l.tif", CELLS)
    with pytest.raises(InputError, match=r"--annotated: .* 39 x 50"):
        find_annotated_pairs(images, labels, save(tmp_path / "m.tif", CELLS[1:]))


@pytest.fixture
def sequence(tmp_path):
    """Sequence 01 of three frames: gold truth in the second, markers in all, silver truth in none."""
    for time in range(3):
        save(tmp_path / f"data/01/t{time:03}.tif", PICTURE)
        save(tmp_path / f"data/01_GT/TRA/man_track{time:03}.tif", CELLS)
    save(tmp_path / "data/01_GT/SEG/man_seg001.tif", np.where(CELLS == 2, 7, 0).astype(np.uint16))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("images", "labels"), [("01", "01_GT"), ("01", "01_GT/SEG"), ("01", "01"), (".", "."), (".", "01_GT")]
)
def test_a_sequence_gives_its_annotated_frames(sequence, images, labels):
    (pair,) = find_annotated_pairs(sequence / images, str(sequence / labels))
    truth = read_truth(pair, "instances", LabelOptions())
    assert pair.name == "t001.tif"
    assert ((truth.instances == 1) == (CELLS == 2)).all()
    assert truth.ignore[CELLS == 1].all()
    assert (~truth.ignore & (truth.instances == 0)).any()


def test_silver_truth_fills_gold_and_gives_frames_of_its_own(sequence):
    for time in range(3):
        save(sequence / f"01_ST/SEG/man_seg{time:03}.tif", CELLS)
    (gold,) = find_annotated_pairs(sequence / "01", sequence / "01_GT")
    silver = find_annotated_pairs(sequence / "01", sequence / "01_ST")
    assert [pair.name for pair in silver] == ["t000.tif", "t001.tif", "t002.tif"]
    for pair in (gold, *silver):
        truth = read_truth(pair, "instances", LabelOptions())
        assert not truth.ignore[10:30, 10:40].any()
        assert ((truth.instances > 0) == (CELLS > 0)).all()


def test_several_sequences_of_a_data_set(sequence):
    shutil.copytree(sequence / "01", sequence / "02")
    shutil.copytree(sequence / "01_GT", sequence / "02_GT")
    names = [pair.name for pair in find_annotated_pairs(sequence, sequence)]
    assert names == ["01/t001.tif", "02/t001.tif"]


def test_one_plane_of_a_3d_frame(sequence):
    save(sequence / "01/t001.tif", np.stack([PICTURE] * 3))
    save(sequence / "01_GT/TRA/man_track001.tif", np.stack([0 * CELLS, CELLS, 0 * CELLS]))
    (sequence / "01_GT/SEG/man_seg001.tif").rename(sequence / "01_GT/SEG/man_seg_001_001.tif")
    (pair,) = find_annotated_pairs(sequence / "01", sequence / "01_GT")
    assert (pair.name, pair.image_plane) == ("t001.tif[1]", 1)
    assert read_truth(pair, "instances", LabelOptions()).ignore[CELLS == 1].all()


def test_what_does_not_fit_is_refused(sequence, tmp_path):
    def refusal(*paths):
        with pytest.raises(InputError) as caught:
            find_annotated_pairs(*paths)
        return str(caught.value)

    gold = sequence / "01_GT"
    assert "Challenge" in refusal(sequence / "01", gold, sequence / "01")
    shutil.copytree(sequence / "01", tmp_path / "other")
    assert f"Wanted is --images {sequence / '01'}" in refusal(tmp_path / "other", gold)
    save(gold / "TRA/man_track001.tif", CELLS[1:])
    assert "is 1 x 39 x 50, t001.tif 1 x 40 x 50" in refusal(sequence / "01", gold)
    (sequence / "01/t001.tif").unlink()
    assert "truth of frame 1, which has no image" in refusal(sequence / "01", gold)
    (gold / "SEG/man_seg001.tif").unlink()
    assert "no frame with gold or silver truth" in refusal(sequence / "01", gold)


def test_real_sequences(real_data):
    hela = real_data / "ctc/DIC-C2DH-HeLa"
    pairs = find_annotated_pairs(hela / "01", hela / "01_GT")
    truths = [read_truth(pair, "instances", LabelOptions()) for pair in pairs]
    assert [int(truth.instances.max()) for truth in truths] == [10, 10, 11, 13, 13, 12, 13, 13, 17]
    assert all(0.1 < truth.ignore.mean() < 0.25 for truth in truths)

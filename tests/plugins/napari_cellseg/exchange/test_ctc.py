"""Cell Tracking Challenge folders, as `cellseg train` and `cellseg evaluate` read them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari_cellseg.exchange.ctc import read_ctc, write_ctc

from cellseg import InputError


@pytest.fixture
def frames():
    """(3, 96, 96) images and nine bright cells, the first of them missing in the middle frame."""
    y, x = np.mgrid[:96, :96]
    disc = np.hypot(y % 32 - 16, x % 32 - 16) < 9
    labels = np.stack([np.where(disc, 1 + 3 * (y // 32) + x // 32, 0).astype(np.uint32)] * 3)
    labels[1][labels[1] == 1] = 0
    noise = np.random.default_rng(0).integers(0, 20, labels.shape)
    return (150 * (labels > 0) + noise).astype(np.uint8), labels


@pytest.fixture
def sequence(frames, tmp_path):
    (tmp_path / "01").mkdir()
    for time, image in enumerate(frames[0]):
        tifffile.imwrite(tmp_path / "01" / f"t{time:03}.tif", image)
    return tmp_path / "01_GT"


def test_there_and_back(frames, sequence, layer, put):
    values = np.where(frames[1] > 0, frames[1] + 1, 1).astype(np.uint32)
    assert "with tracks" in write_ctc(sequence.parent, layer(values))
    empty = layer(values.shape)
    put(read_ctc(sequence, empty, "background"), empty)
    for found, wanted in zip(empty.data, values, strict=True):
        np.testing.assert_array_equal(found > 1, wanted > 1)
        assert len(np.unique(found[wanted > 1])) == len(np.unique(wanted[wanted > 1]))
    assert (empty.data == 1).mean() > 0.5 * (values == 1).mean()


def test_a_track_that_comes_back_is_another_one(frames, sequence, layer):
    write_ctc(sequence.parent, layer(frames[1], annotation=False))
    tracks = [line.split() for line in (sequence / "TRA" / "man_track.txt").read_text().splitlines()]
    assert ["1", "0", "0", "0"] in tracks
    (back,) = [track for track in tracks if track[3] == "1"]
    assert back[1:3] == ["2", "2"]
    marked = tifffile.imread(sequence / "TRA" / "man_track002.tif")
    np.testing.assert_array_equal(marked == int(back[0]), frames[1][2] == 1)


def test_no_tracks_where_something_is_unknown(frames, sequence, layer):
    values = np.where(frames[1] > 0, frames[1] + 1, 1).astype(np.uint32)
    values[2] = 0
    assert "without tracks" in write_ctc(sequence.parent, layer(values))
    assert sorted(file.name for file in sequence.rglob("*.tif")) == ["man_seg000.tif", "man_seg001.tif"]


def test_planes_along_z_are_written_alone(frames, tmp_path, layer):
    write_ctc(tmp_path, layer(np.stack([frames[1]] * 2), annotation=False, axes="TZ"))
    names = sorted(file.name for file in (tmp_path / "01_GT").rglob("*.tif"))
    assert names == [f"man_seg_{t:03}_{z:03}.tif" for t in range(2) for z in range(3)]


def test_one_frame_of_the_sequence(frames, sequence, layer, put):
    write_ctc(sequence.parent, layer(frames[1], annotation=False))
    target = layer((96, 96), annotation=False, image=sequence.with_name("01") / "t001.tif")
    put(read_ctc(sequence, target, "background"), target)
    np.testing.assert_array_equal(target.data > 0, frames[1][1] > 0)


def test_what_is_refused(frames, sequence, layer, tmp_path):
    write_ctc(sequence.parent, layer(frames[1], annotation=False))
    with pytest.raises(InputError, match="01_GT: is there already"):
        write_ctc(sequence.parent, layer(frames[1], annotation=False))
    with pytest.raises(InputError, match="open the images of 01 as one stack"):
        next(read_ctc(sequence, layer((96, 96)), "background"))
    with pytest.raises(InputError, match="highest number of a cell is 0"):
        write_ctc(tmp_path / "other", layer((9, 9)))
    assert not (tmp_path / "other").exists()

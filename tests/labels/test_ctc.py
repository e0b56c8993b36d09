from __future__ import annotations

import pytest

from cellseg.errors import InputError
from cellseg.labels.ctc.frames import CtcFrame, frames, is_sequence, sequences


def lay_out(folder, *files):
    """Empty files, by their paths inside a folder."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_files_of_a_frame_are_found_from_any_of_its_folders(tmp_path):
    names = ("01/t007.tif", "01_GT/SEG/man_seg007.tif", "01_ST/SEG/man_seg007.tif", "01_GT/TRA/man_track007.tif")
    data = lay_out(tmp_path / "PhC", *names, "01_RES/mask007.tif", "01_GT/TRA/man_track.txt", "01/notes.txt")
    image, gold, silver, markers = (data / name for name in names)
    wanted = [CtcFrame(7, image, gold, silver, markers, data / "01_RES/mask007.tif", None)]
    for folder in ("01", "01_GT", "01_ST", "01_RES"):
        assert is_sequence(data / folder)
        assert frames(data / folder) == wanted


def test_frames_are_in_order_of_time_whatever_is_missing(tmp_path):
    data = lay_out(tmp_path, "01/t0009.tif", "01/t0010.tif", "01_GT/SEG/man_seg0010.tif", "01_RES/mask1000.tif")
    assert [(f.time, bool(f.image), bool(f.gold), bool(f.result)) for f in frames(data / "01")] == [
        (9, True, False, False),
        (10, True, True, False),
        (1000, False, False, True),
    ]


def test_single_planes_of_a_3d_frame(tmp_path):
    data = lay_out(tmp_path, "02/t001.tif", "02_GT/SEG/man_seg_001_012.tif", "02_GT/SEG/man_seg_001_003.tif")
    found = frames(data / "02")
    assert [(f.time, f.plane, f.gold.name) for f in found] == [
        (1, 3, "man_seg_001_003.tif"),
        (1, 12, "man_seg_001_012.tif"),
    ]
    assert {f.image for f in found} == {data / "02/t001.tif"}


def test_a_result_beside_the_truth_needs_no_images(tmp_path):
    data = lay_out(tmp_path, "01_GT/SEG/man_seg000.tif", "01_RES/mask000.tif")
    assert is_sequence(data / "01"), "the folder of the images was not copied"
    (frame,) = frames(data / "01_RES")
    assert (frame.image, frame.gold.name, frame.result.name) == (None, "man_seg000.tif", "mask000.tif")


def test_other_folders_are_none(tmp_path):
    data = lay_out(tmp_path, "01/t000.tif", "images/t000.tif", "images_GT/SEG/man_seg000.tif", "02/t0.tif")
    for folder in ("01", "images", "02", "03", "."):
        assert not is_sequence(data / folder)
    with pytest.raises(InputError, match=r"01_GT/SEG/man_seg013\.tif"):
        frames(data / "01")


def test_two_files_of_one_frame(tmp_path):
    data = lay_out(tmp_path, "01/t001.tif", "01/t0001.tif", "01_GT/SEG/man_seg001.tif")
    with pytest.raises(InputError, match=r"t0001\.tif and t001\.tif"):
        frames(data / "01")


def test_sequences_of_a_data_set(tmp_path):
    data = lay_out(tmp_path, "01/t000.tif", "01_GT/SEG/man_seg000.tif", "02_RES/mask000.tif", "03/t000.tif", "04.txt")
    assert sequences(data) == [data / "01", data / "02"]
    assert sequences(data / "nothing") == []


def test_real_sequences(real_data):
    hela = frames(real_data / "ctc/DIC-C2DH-HeLa/01")
    assert [f.time for f in hela] == list(range(84))
    assert all(f.image and f.silver and f.markers for f in hela)
    assert [f.time for f in hela if f.gold] == [2, 5, 21, 31, 33, 34, 39, 54, 67]
    assert [bool(f.markers) for f in frames(real_data / "ctc/Fluo-N2DL-HeLa/01")] == [False] + [True] * 12
    assert sequences(real_data / "ctc/PhC-C2DL-PSC") == [real_data / "ctc/PhC-C2DL-PSC/01"]
    result = frames(real_data / "ctc_eval_reference/testing_dataset_03/03_RES")
    assert [(f.time, bool(f.gold), bool(f.markers), bool(f.result)) for f in result] == [
        (k, True, True, True) for k in range(7)
    ]

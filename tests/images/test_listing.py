from __future__ import annotations

from pathlib import Path

import pytest

from cellseg.errors import InputError
from cellseg.images.listing import list_images, stem


def _touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def _names(paths):
    return [path.name for path in paths]


def test_a_folder_in_natural_order(tmp_path):
    _touch(tmp_path, "t10.tif", "t2.TIF", "t1.ome.tiff", "notes.txt", ".hidden.tif", "sub/t0.tif")
    assert _names(list_images(tmp_path)) == ["t1.ome.tiff", "t2.TIF", "t10.tif"]


def test_pictures_and_arrays_are_images_and_pickles_of_cellpose_are_none(tmp_path):
    _touch(tmp_path, "a.png", "b.JPG", "c.jpeg", "d.bmp", "e.webp", "f.npy", "a_seg.npy", "g.tif", "notes.csv")
    assert [path.name[0] for path in list_images(tmp_path)] == list("abcdefg")
    assert _names(list_images(tmp_path / "a*")) == ["a.png"]


def test_an_ome_zarr_folder_is_one_image(tmp_path):
    _touch(tmp_path, "b.ome.zarr/zarr.json", "b.ome.zarr/0/zarr.json", "a.tif", "plain/c.tif", "plate/.zattrs")
    assert _names(list_images(tmp_path)) == ["a.tif", "b.ome.zarr"]
    assert _names(list_images(tmp_path / "b.ome.zarr")) == ["b.ome.zarr"]
    assert _names(list_images(tmp_path / "plate")) == ["plate"]
    assert _names(list_images(tmp_path / "*.zarr")) == ["b.ome.zarr"]


def test_a_glob(tmp_path):
    _touch(tmp_path, "a/t2.tif", "b/t1.tif", "b/t1.txt")
    assert _names(list_images(str(tmp_path / "*" / "t*"))) == ["t2.tif", "t1.tif"]
    assert _names(list_images(tmp_path / "**" / "t1.*")) == ["t1.tif"]


def test_a_file_and_several(tmp_path):
    _touch(tmp_path, "b.lsm", "a.tif")
    assert _names(list_images(tmp_path / "b.lsm")) == ["b.lsm"]
    assert _names(list_images([tmp_path / "b.lsm", tmp_path])) == ["b.lsm", "a.tif"]


def test_brackets_in_names_are_no_pattern(tmp_path):
    _touch(tmp_path, "cells [1].tif")
    assert _names(list_images(tmp_path / "cells [1].tif")) == ["cells [1].tif"]


def test_brackets_in_the_names_of_folders_are_no_pattern(tmp_path):
    _touch(tmp_path, "day [1]/a.tif", "day [1]/sub [x]/b.tif", "day 1/c.tif", "day [1]/d [2].tif", "day [1]/d 2.tif")
    assert _names(list_images(tmp_path / "day [1]" / "[ab].tif")) == ["a.tif"]
    assert _names(list_images(tmp_path / "day [1]" / "sub [x]" / "*.tif")) == ["b.tif"]
    assert _names(list_images(tmp_path / "day [1]" / "**" / "b*")) == ["b.tif"]
    assert _names(list_images(tmp_path / "*" / "sub [x]" / "*.tif")) == ["b.tif"]
    assert _names(list_images(tmp_path / "day [1]" / "d [2].ti*")) == ["d 2.tif"]
    assert _names(list_images(tmp_path / "day [1]*" / "a.tif")) == ["a.tif"]


def test_a_pattern_below_the_working_folder(tmp_path, monkeypatch):
    _touch(tmp_path, "a [1]/b.tif", "c.tif")
    monkeypatch.chdir(tmp_path)
    assert list_images("*.tif") == [Path("c.tif")]
    assert list_images("a [1]/*.tif") == [Path("a [1]/b.tif")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "missing: there is no such file or folder. Check the spelling."),
        (
            "empty",
            "empty: is a folder with nothing in it. Images end in .tif, .png, .jpg, .bmp, .webp, .npy, .czi, .nd2, "
            ".lif or .zarr.",
        ),
        ("texts", "texts: is a folder with 2 files, none of them an image."),
        ("*.tif", "*.tif: is a pattern with nothing in it."),
    ],
)
def test_nothing_to_read(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    _touch(tmp_path, "texts/a.txt", "texts/b.gif")
    with pytest.raises(InputError) as caught:
        list_images(tmp_path / name)
    assert message in str(caught.value)


def test_no_paths():
    with pytest.raises(InputError, match="no image was named"):
        list_images([])


@pytest.mark.parametrize(
    "name", ["a.tif", "a.ome.tif", "a.TIFF", "a.ome.btf", "a.zarr", "a.ome.zarr", "a.png", "a.JPEG", "a.npy"]
)
def test_stems(tmp_path, name):
    assert stem(tmp_path / name) == "a"

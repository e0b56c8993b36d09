"""Names and links that lead out of a folder, round in a circle or nowhere, and images larger than any memory."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
import tifffile

from cellseg.errors import InputError
from cellseg.images.listing import list_images, list_tree
from cellseg.images.omezarr.folder import images_inside, labels_of
from cellseg.images.open import open_image
from cellseg.labels.layouts import label_entries
from cellseg.labels.meaning import read_values

from .zarrs import write_group, write_image, write_sparse

PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
LEADING_OUT = ["../other.zarr/0", "..", "a/../../other.zarr/0", "/etc", "C:\\x", "\\\\server\\x", "a\\..\\..\\x"]
links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")


@pytest.mark.parametrize("name", LEADING_OUT)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_metadata_that_lead_out_of_their_folder(tmp_path, name, version):
    write_image(tmp_path / "other.zarr", PIXELS, axes="yx")
    image = write_image(tmp_path / "a.zarr", PIXELS, axes="yx", version=version)
    file = image / (".zattrs" if version == "0.4" else "zarr.json")
    file.write_text(file.read_text().replace('"path": "0"', f'"path": {json.dumps(name)}'))
    with pytest.raises(InputError, match="outside of the folder"):
        open_image(image)


@pytest.mark.parametrize("name", ["A" * 256, "A/" + "9" * 3000, "a/" * 3000, "\ud800" * 300])
def test_collections_with_names_that_no_file_may_have(tmp_path, name):
    for key, inside in [("plate", {"wells": [{"path": name}]}), ("well", {"images": [{"path": name}]})]:
        with pytest.raises(InputError, match="bytes"):
            list(images_inside(write_group(tmp_path / f"{key}.zarr", {key: inside})))


@pytest.mark.parametrize("name", LEADING_OUT)
def test_collections_that_lead_out_of_their_folder(tmp_path, name):
    for key, inside in [
        ("plate", {"wells": [{"path": name}]}),
        ("well", {"images": [{"path": name}]}),
        ("labels", [name]),
    ]:
        with pytest.raises(InputError, match="outside of the folder"):
            list(images_inside(write_group(tmp_path / f"{key}.zarr", {key: inside})))
    image = write_image(tmp_path / "a.zarr", PIXELS, axes="yx")
    write_group(image / "labels", {"labels": [name]})
    with pytest.raises(InputError, match="outside of the folder"):
        labels_of(image)
    plate = write_group(tmp_path / "deep.zarr", {"plate": {"wells": [{"path": "A/1"}]}})
    write_group(plate / "A/1", {"well": {"images": [{"path": name}]}})
    with pytest.raises(InputError, match="outside of the folder"):
        list(images_inside(plate))


@links
def test_a_level_that_is_a_link_is_followed(tmp_path):
    image = write_image(tmp_path / "a.zarr", PIXELS, axes="yx")
    (image / "0").rename(tmp_path / "elsewhere")
    (image / "0").symlink_to(tmp_path / "elsewhere")
    np.testing.assert_array_equal(open_image(image).read(0)[0], PIXELS)


@links
def test_broken_links_are_images_that_cannot_be_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    for name in ("broken.tif", "broken.zarr", "broken.png"):
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.tif").symlink_to(tmp_path / "loop.tif")
    names = [path.name for path in list_images(tmp_path)]
    assert names == ["a.tif", "broken.png", "broken.tif", "broken.zarr", "loop.tif"]
    assert [entry.name.name for entry in label_entries(tmp_path)] == [name.split(".")[0] for name in names]
    for path in list_images(tmp_path)[1:]:
        with pytest.raises(InputError, match=rf"{path.name}: is a link to .*, which is not there"):
            open_image(path)
        with pytest.raises(InputError, match="is a link to"):
            list_images(path)


def test_images_below_images_are_left_out_and_it_is_said(tmp_path, caplog):
    for name in ("a.tif", "sub/b.tif", "results/a.tif", "words/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / name, PIXELS)
    assert [path.name for path in list_tree([tmp_path], without=tmp_path / "results")] == ["a.tif"]
    assert "images in folders within it (sub) are left out" in caplog.text
    caplog.clear()
    assert len(list_tree([tmp_path / "sub", tmp_path / "results"])) == 2
    assert not caplog.text


@links
def test_folders_that_lie_in_themselves(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "i.tif", PIXELS)
        (tmp_path / name / "back").symlink_to(tmp_path)
        (tmp_path / name / "again").symlink_to(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/loop").symlink_to(tmp_path / "empty")
    (tmp_path / "round").symlink_to(tmp_path)
    assert [path.parent.name for path in list_tree([tmp_path])] == ["a", "b"]
    assert len(label_entries(tmp_path)) == 2


@links
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.tif")
    with pytest.raises(InputError, match="is a pipe or a device"):
        open_image(tmp_path / "a.tif")


def test_images_beyond_any_memory_open_and_are_read_in_parts_only(tmp_path):
    source = open_image(write_sparse(tmp_path / "z.zarr", (2**40, 2**40)))
    assert source.read(0, slice(2**39, 2**39 + 3), slice(0, 2)).shape == (1, 3, 2)
    with pytest.raises(InputError, match=r"z\.zarr: .*of memory; .* are free"):
        source.read(0)
    with pytest.raises(InputError, match=r"z\.zarr: .*of memory; .* are free"):
        read_values(source, 0)

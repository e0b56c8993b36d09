"""convert: the labels of a folder into another folder, all of them or none."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

import cellseg
from cellseg.errors import InputError
from tests.cli.conftest import assert_refused
from tests.metrics.drawing import draw

PLANE = draw("""
    aaaa...cc
    a..a.b.c.
    a.aa..c.c
    aaaa....c
""").astype(np.uint16)
TREE = {"f1/t 1": PLANE, "f1/ü[2]": PLANE[::-1] * 7, "f2/t 1": np.where(PLANE == 1, 5, 0).astype(np.uint16)}
"""Labels of three fields: two of one name; one of a single cell, which alone would be taken for a mask."""


@pytest.fixture
def tree(tmp_path):
    """labels/ and images/ with the same folders and names."""
    for name, labels in TREE.items():
        for kind, pixels in (("labels", labels), ("images", np.zeros(PLANE.shape, np.uint8))):
            file = tmp_path / kind / f"{name}.tif"
            file.parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(file, pixels)
    return tmp_path


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("to", ["zip", "geojson", "png", "json", "tif"])
def test_a_tree_there_and_back(cellseg_cli, tree, to):
    done = cellseg_cli("convert", tree / "labels", "--out", tree / "there", "--to", to, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {"cells": 7, "images": 3, "out": str(tree / "there")}
    assert files_in(tree / "there") == [f"{name}.{to}" for name in TREE]
    if to == "json":
        return
    like = () if to in ("png", "tif") else ("--like", tree / "images")
    assert cellseg_cli("convert", tree / "there", "--out", tree / "back", "--to", "tif", *like).code == 0
    for name, labels in TREE.items():
        np.testing.assert_array_equal(tifffile.imread(tree / "back" / f"{name}.tif"), labels)


def test_classes_of_cells_follow_and_those_of_earlier_files_go(cellseg_cli, tree):
    classes = cellseg.CellClasses(("neuron", "glia"), np.array([[0, 1, 2]]))
    classes.write_beside(tree / "labels" / "f1" / "t 1.tif")
    words = ("convert", tree / "labels", "--out", tree / "there", "--to", "tif", "--overwrite")
    assert cellseg_cli(*words).code == 0
    assert cellseg.CellClasses.beside(tree / "there" / "f1" / "t 1.tif").names == classes.names
    assert cellseg.CellClasses.beside(tree / "there" / "f2" / "t 1.tif") is None
    (tree / "labels" / "f1" / "t 1-classes.csv").unlink()
    assert cellseg_cli(*words).code == 0
    assert cellseg.CellClasses.beside(tree / "there" / "f1" / "t 1.tif") is None


def test_a_tree_as_one_coco_and_back(tree):
    assert cellseg.convert(tree / "labels", tree / "all.json") == 7
    names = [image["file_name"] for image in json.loads((tree / "all.json").read_text("utf-8"))["images"]]
    assert names == [f"{name}.tif" for name in TREE], "two of one name are told apart"
    assert cellseg.convert(tree / "all.json", tree / "back", to="zarr") == 7
    for name, labels in TREE.items():
        assert (cellseg.open_image(tree / f"back/{name}.ome.zarr").read(0)[0] == labels).all()


def test_the_tree_of_the_data_science_bowl(cellseg_cli, tmp_path):
    for name, labels in (("ab", PLANE), ("cd", PLANE[::-1])):
        for number in range(1, 4):
            file = tmp_path / f"stage1/{name}/masks/{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((labels == number).astype(np.uint8) * 255).save(file)
    done = cellseg_cli("convert", tmp_path / "stage1", "--out", tmp_path / "o", "--to", "png")
    assert done.code == 0, done.err
    assert "the k-th of an image is cell k" in done.err
    for name, labels in (("ab", PLANE), ("cd", PLANE[::-1])):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"o/{name}.png")), labels)


def test_all_or_nothing(cellseg_cli, tree):
    tifffile.imwrite(tree / "labels/f2/z.tif", PLANE.astype(np.uint32) * 70_000)
    before = files_in(tree)
    done = cellseg_cli("convert", tree / "labels", "--out", tree / "o", "--to", "png")
    assert_refused(done, "z.tif has 3 cells with numbers up to 210000", "65535")
    (tree / "labels/f2/z.tif").write_bytes(b"II*\0")
    assert_refused(cellseg_cli("convert", tree / "labels", "--out", tree / "o", "--to", "png"), "z.tif")
    assert files_in(tree) == before
    assert not (tree / "o").exists()


def test_nothing_is_replaced_that_was_not_named(cellseg_cli, tree):
    (tree / "o/f2").mkdir(parents=True)
    (tree / "o/f2/t 1.png").write_bytes(b"work of a day")
    (tree / "o/notes.txt").write_bytes(b"mine")
    words = ("convert", tree / "labels", "--out", tree / "o", "--to", "png")
    assert_refused(cellseg_cli(*words), "t 1.png", "exists", "--overwrite")
    assert files_in(tree / "o") == ["f2/t 1.png", "notes.txt"]
    assert (tree / "o/f2/t 1.png").read_bytes() == b"work of a day"
    assert cellseg_cli(*words, "--overwrite").code == 0
    assert files_in(tree / "o") == [*(f"{name}.png" for name in TREE), "notes.txt"]
    assert cellseg_cli("convert", tree / "labels", "--out", tree / "labels", "--to", "tif", "--overwrite").code == 2


def test_two_for_one_file_and_no_folder(cellseg_cli, tree):
    Image.fromarray(PLANE).save(tree / "labels/f2/t 1.png")
    words = ("convert", tree / "labels", "--out")
    assert_refused(cellseg_cli(*words, tree / "o", "--to", "png"), "two labels", "t 1.png, t 1.tif", "Rename")
    assert_refused(cellseg_cli(*words, tree / "o.zip", "--to", "zip"), "name of a file", "--to")
    assert_refused(cellseg_cli(*words, tree / "o"), "--to")
    assert_refused(cellseg_cli(*words, tree / "o", "--to", "doc"), "--to", "geojson")
    (tree / "plain").write_bytes(b"")
    with pytest.raises(InputError, match="is a file"):
        cellseg.convert(tree / "labels/f1", tree / "plain", to="png")

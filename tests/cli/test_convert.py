"""convert: labels out in the formats of other programs, and back again pixel by pixel."""

from __future__ import annotations

import json
from zipfile import ZipFile

import numpy as np
import pytest
import tifffile
from roifile import ImagejRoi

import cellseg
from cellseg.images.write import write_stack
from tests.cli.conftest import assert_refused
from tests.metrics.drawing import draw

PLANE = draw("""
    aaaa...cc
    a..a.b.c.
    a.aa..c.c
    aaaa....c
""").astype(np.uint16)
PLANE[PLANE == 2] = 900
ENDINGS = [".zip", ".geojson", ".json", ".png", ".tif", ".ome.zarr"]


@pytest.fixture
def plane(tmp_path):
    write_stack(tmp_path / "cells.tif", PLANE, pixel_size_um=(0.5, 0.5))
    return tmp_path / "cells.tif"


@pytest.mark.parametrize("ending", ENDINGS)
def test_there_and_back_with_holes_gaps_and_numbers(cellseg_cli, plane, tmp_path, ending):
    done = cellseg_cli("convert", plane, "--out", tmp_path / f"there{ending}", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["cells"] == 3
    back = cellseg_cli("convert", tmp_path / f"there{ending}", "--out", tmp_path / "back.tif", "--like", plane)
    assert back.code == 0, back.err
    assert (tifffile.imread(tmp_path / "back.tif") == PLANE).all()
    assert cellseg.open_image(tmp_path / "back.tif").pixel_size_um == (0.5, 0.5)


CLASSES = cellseg.CellClasses(("neuron", "glia"), np.array([[0, 1, 2], [0, 3, 1]]))
"""Of two of the three cells."""


@pytest.mark.parametrize("ending", ENDINGS)
def test_classes_of_cells_there_and_back(cellseg_cli, plane, tmp_path, ending):
    CLASSES.write_beside(plane)
    there, back = tmp_path / f"there{ending}", tmp_path / "back.tif"
    assert cellseg_cli("convert", plane, "--out", there).code == 0
    assert cellseg_cli("convert", there, "--out", back, "--like", plane).code == 0
    found = cellseg.CellClasses.beside(back)
    assert found.names == CLASSES.names
    assert found.rows.tolist() == CLASSES.rows.tolist()
    if ending == ".geojson":
        told = [one["properties"].get("classification") for one in json.loads(there.read_text())["features"]]
        assert told == [{"name": "glia"}, {"name": "neuron"}, None]
    if ending == ".json":
        tree = json.loads(there.read_text())
        names = {one["id"]: one["name"] for one in tree["categories"]}
        assert [names[one["category_id"]] for one in tree["annotations"]] == ["glia", "neuron", "cell"]


def test_an_earlier_table_of_classes_is_not_taken_for_that_of_new_cells(cellseg_cli, plane, tmp_path):
    CLASSES.write_beside(tmp_path / "old.tif")
    CLASSES.write_beside(tmp_path / "other.tif")
    write_stack(tmp_path / "old.tif", PLANE)
    write_stack(tmp_path / "other.tif", PLANE)
    assert cellseg_cli("convert", plane, "--out", tmp_path / "old.tif", "--overwrite").code == 0
    assert cellseg.CellClasses.beside(tmp_path / "old.tif") is None
    assert_refused(cellseg_cli("convert", plane, "--out", tmp_path / "other.png"), "holds the classes of other.tif")
    assert cellseg.CellClasses.beside(tmp_path / "other.tif").names == CLASSES.names


@pytest.mark.parametrize("ending", [".zip", ".geojson", ".tif", ".ome.zarr"])
@pytest.mark.parametrize("axes", ["ZYX", "TYX", "TZYX"])
def test_stacks_keep_their_planes(tmp_path, ending, axes):
    stack = np.zeros((*(2, 3)[-len(axes) + 2 :], *PLANE.shape), np.uint16)
    stack[(0,) * (len(axes) - 2)], stack[(-1,) * (len(axes) - 2)] = PLANE, PLANE[::-1]
    write_stack(tmp_path / "s.tif", stack, axes)
    assert cellseg.convert(tmp_path / "s.tif", tmp_path / f"a{ending}") == 6
    back = cellseg.open_labels(tmp_path / f"a{ending}", like=cellseg.open_image(tmp_path / "s.tif"))
    found = np.stack([back.read(k)[0] for k in range(back.planes)])
    assert (found == stack.reshape(found.shape)).all()


def test_geojson_is_what_qupath_opens(cellseg_cli, plane, tmp_path):
    assert cellseg_cli("convert", plane, "--out", tmp_path / "a.geojson").code == 0
    first, *_ = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
    assert first["geometry"]["type"] == "Polygon"
    assert len(first["geometry"]["coordinates"]) == 2
    assert all(ring[0] == ring[-1] for ring in first["geometry"]["coordinates"])
    assert first["properties"]["name"] == "cell 1"
    assert first["properties"]["measurements"]["area_um2"] == 13 / 4


def test_coco_run_lengths_are_those_of_pycocotools(tmp_path):
    from pycocotools import mask as codec

    (tmp_path / "labels").mkdir()
    for name, labels in (("a", PLANE), ("b", PLANE[::-1])):
        tifffile.imwrite(tmp_path / f"labels/{name}.tif", labels)
    assert cellseg.convert(tmp_path / "labels", tmp_path / "a.json") == 6
    tree = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [image["file_name"] for image in tree["images"]] == ["a.tif", "b.tif"]
    for annotation in tree["annotations"]:
        mask = (PLANE if annotation["image_id"] == 1 else PLANE[::-1]) == annotation["cell"]
        assert (codec.decode(annotation["segmentation"]) == mask).all()
        assert annotation["area"] == mask.sum()


def test_regions_of_fiji_come_back_as_regions(tmp_path):
    """ROI -> labels -> ROI: the outlines of a set that cellseg wrote stay byte by byte."""
    cellseg.convert(PLANE, tmp_path / "one.zip")
    tifffile.imwrite(tmp_path / "i.tif", PLANE)
    cellseg.convert(tmp_path / "one.zip", tmp_path / "two.zip", like=tmp_path / "i.tif")
    one, two = (ZipFile(tmp_path / f"{name}.zip") for name in ("one", "two"))
    assert {name: one.read(name) for name in one.namelist()} == {name: two.read(name) for name in two.namelist()}
    assert ImagejRoi.frombytes(one.read("cell 1.roi")).composite


def test_masks_are_cut_into_cells(tmp_path):
    tifffile.imwrite(tmp_path / "mask.tif", np.where(PLANE > 0, 255, 0).astype(np.uint8))
    assert cellseg.convert(tmp_path / "mask.tif", tmp_path / "a.png") == 5


@pytest.mark.parametrize(
    ("value", "words", "told"),
    [(7, (), True), (7, ("--labels-are", "instances"), False), (0, (), False)],
    ids=["one value", "said", "several values"],
)
@pytest.mark.parametrize("to", [(), ("--to", "tif")], ids=["file", "folder"])
def test_numbers_that_do_not_stay_are_told(cellseg_cli, tmp_path, value, words, told, to):
    tifffile.imwrite(tmp_path / "cells.tif", np.where(PLANE, value, 0) if value else PLANE)
    done = cellseg_cli("convert", tmp_path / "cells.tif", "--out", tmp_path / ("as" if to else "b.tif"), *to, *words)
    assert done.code == 0, done.err
    assert ("the labels are a mask of cells: connected regions" in done.err) == told
    assert ("--labels-are instances" in done.err) == told


@pytest.mark.parametrize(("ignored", "told"), [(1, True), (5, False)])
def test_what_nobody_annotated_becomes_background_with_a_warning(cellseg_cli, plane, tmp_path, ignored, told):
    for out in (("b.tif",), ("as", "--to", "tif")):
        done = cellseg_cli("convert", plane, "--ignore-label", ignored, "--out", tmp_path / out[0], *out[1:])
        assert done.code == 0, done.err
        assert ("cells.tif: 36.1% of the pixels are not annotated, and become background" in done.err) == told


def test_what_does_not_fit_is_refused_and_nothing_is_left(cellseg_cli, plane, tmp_path):
    tifffile.imwrite(tmp_path / "many.tif", PLANE.astype(np.uint32) * 100)
    write_stack(tmp_path / "stack.tif", np.stack([PLANE, PLANE]))
    (tmp_path / "there.zip").write_bytes(b"")
    before = sorted(tmp_path.iterdir())
    for labels, out, *words in (
        ("many.tif", "a.png", "3 cells with numbers up to 90000", "65535"),
        ("stack.tif", "a.png", "2 planes"),
        ("stack.tif", "a.json", "2 planes"),
        ("cells.tif", "a.doc", "ends in .doc", ".geojson"),
        ("cells.tif", "there.zip", "exists", "--overwrite"),
        ("cells.tif", "cells.tif", "is an input"),
    ):
        assert_refused(cellseg_cli("convert", tmp_path / labels, "--out", tmp_path / out), *words)
    assert sorted(tmp_path.iterdir()) == before
    assert cellseg_cli("convert", plane, "--out", tmp_path / "there.zip", "--overwrite").code == 0

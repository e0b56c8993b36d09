"""split: files where they belong, nothing half-written, nothing torn apart."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.images.write import write_stack
from cellseg.labels.pairs import find_pairs
from tests.cli.conftest import assert_refused
from tests.labels.test_split import field, tiles


@pytest.fixture
def mosaic(tmp_path):
    """6 fields of 4 tiles each, in a random order of names."""
    order = np.random.default_rng(0).permutation(24).tolist()
    names = {}
    for number, tile in enumerate(tile for seed in range(6) for tile in tiles(field(seed))):
        name = f"{order[number]:02}.tif"
        names[name] = number // 4
        for kind, image in (("images", tile), ("labels", (tile > 1500).astype(np.uint8))):
            (tmp_path / kind).mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / kind / name, image)
    return tmp_path / "images", tmp_path / "labels", names


def parts(out) -> dict[str, set[str]]:
    return {into: {file.name for file in (out / into / "images").iterdir()} for into in ("train", "validation")}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_field_is_in_both_parts(cellseg_cli, mosaic, tmp_path, seed):
    images, labels, fields = mosaic
    done = cellseg_cli("split", images, labels, "--out", tmp_path / "out", "--seed", seed, "--fraction", 0.3, "--json")
    assert done.code == 0, done.err
    found = parts(tmp_path / "out")
    assert {into: len(names) for into, names in found.items()} == {"train": 16, "validation": 8}
    assert not {fields[name] for name in found["train"]} & {fields[name] for name in found["validation"]}
    assert found["train"] | found["validation"] == set(fields)
    for into in found:
        assert len(find_pairs(tmp_path / "out" / into / "images", tmp_path / "out" / into / "labels")) == len(
            found[into]
        )
    tree = json.loads((tmp_path / "out/split.json").read_text())
    assert json.loads(done.out) == {**tree, "out": str(tmp_path / "out")}
    assert sorted(len(group["members"]) for group in tree["groups"]) == [4] * 6
    assert tree["groups"][0]["reasons"][0]["why"] == "edges"


def test_files_are_the_same_bytes(cellseg_cli, mosaic, tmp_path):
    images, labels, _ = mosaic
    assert cellseg_cli("split", images, labels, "--out", tmp_path / "out").code == 0
    for kind, folder in (("images", images), ("labels", labels)):
        for file in (tmp_path / "out").glob(f"*/{kind}/*"):
            assert file.read_bytes() == (folder / file.name).read_bytes()


def test_a_dry_run_writes_nothing_but_the_picture(cellseg_cli, mosaic, tmp_path):
    images, labels, _ = mosaic
    done = cellseg_cli("split", images, labels, "--out", tmp_path / "out", "--dry-run", "--picture", tmp_path / "g.png")
    assert done.code == 0, done.err
    assert "24 by edges" in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"images", "labels", "g.png"}


def test_a_folder_that_is_not_empty_stays_as_it_is(cellseg_cli, mosaic, tmp_path):
    images, labels, _ = mosaic
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("work")
    assert_refused(cellseg_cli("split", images, labels, "--out", tmp_path / "out"), "out", "not empty")
    (tmp_path / "out/mine.txt").unlink()
    assert cellseg_cli("split", images, labels, "--out", tmp_path / "out").code == 0


def test_nothing_is_left_where_a_file_cannot_be_written(cellseg_cli, mosaic, tmp_path, monkeypatch):
    import cellseg.labels.split.files as files

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "link", full)
    monkeypatch.setattr(files.shutil, "copy2", full)
    images, labels, _ = mosaic
    assert_refused(cellseg_cli("split", images, labels, "--out", tmp_path / "out"), "No space left")
    assert {path.name for path in tmp_path.iterdir()} == {"images", "labels"}


def test_groups_by_name_and_by_table(cellseg_cli, mosaic, tmp_path):
    images, labels, names = mosaic
    words = ("split", images, labels, "--dry-run", "--no-detect", "--json", "--out", tmp_path / "out")
    by_name = json.loads(cellseg_cli(*words, "--group", "^.").out)["groups"]
    assert {group["keys"][0]: len(group["members"]) for group in by_name} == {"0": 10, "1": 10, "2": 4}
    rows = "".join(f"{name},{number % 3}\n" for name, number in names.items())
    (tmp_path / "t.csv").write_text("file,animal\n" + rows)
    by_table = json.loads(cellseg_cli(*words, "--table", tmp_path / "t.csv", "--column", "animal").out)["groups"]
    assert [len(group["members"]) for group in by_table] == [8, 8, 8]
    assert_refused(cellseg_cli(*words, "--column", "animal"), "--table")


def test_python_splits_as_the_command_does(cellseg_cli, mosaic, tmp_path):
    images, labels, _ = mosaic
    plan = cellseg.split(images, labels, tmp_path / "python", seed=1, fraction=0.3)
    assert cellseg_cli("split", images, labels, "--out", tmp_path / "out", "--seed", 1, "--fraction", 0.3).code == 0
    assert (tmp_path / "python/split.json").read_bytes() == (tmp_path / "out/split.json").read_bytes()
    assert parts(tmp_path / "python") == parts(tmp_path / "out")
    assert {f"{name}.tif" for name in plan.names("validation")} == parts(tmp_path / "out")["validation"]
    before = {path.name for path in tmp_path.iterdir()}
    assert cellseg.split(images, labels, group="^.", detect=False).counts == {"train": 20, "validation": 4}
    assert {path.name for path in tmp_path.iterdir()} == before
    with pytest.raises(cellseg.InputError, match="--table with --column"):
        cellseg.split(images, labels, column="animal")


def test_a_stack_is_cut_into_blocks(cellseg_cli, tmp_path):
    stack = np.arange(20 * 40 * 40, dtype=np.uint16).reshape(20, 40, 40)
    write_stack(tmp_path / "i.tif", stack, pixel_size_um=(0.5, 0.5), spacing_um=2.0)
    write_stack(tmp_path / "l.tif", (stack % 7 == 0).astype(np.uint8))
    words = ("split", tmp_path / "i.tif", tmp_path / "l.tif", "--out", tmp_path / "out", "--gap", 2, "--seed", 1)
    done = cellseg_cli(*words)
    assert done.code == 0, done.err
    held, kept = (tifffile.imread(tmp_path / "out" / into / "images/i.tif") for into in ("validation", "train"))
    planes = json.loads((tmp_path / "out/split.json").read_text())["planes"]
    np.testing.assert_array_equal(held, stack[planes["validation/i"]])
    np.testing.assert_array_equal(kept, stack[planes["train/i"]])
    assert planes["validation/i"] == [4, 5, 6, 7]
    assert planes["train/i"] == [0, 1, *range(10, 20)]
    pairs = find_pairs(tmp_path / "out/train/images", tmp_path / "out/train/labels")
    assert (len(pairs), pairs[0].image.pixel_size_um, pairs[0].image.spacing_um) == (12, (0.5, 0.5), 2.0)


def test_classes_of_cells_go_with_the_labels(cellseg_cli, mosaic, tmp_path):
    images, labels, names = mosaic
    table = "plane,cell,class_number,class\r\n0,1,1,neuron\r\n,,2,glia\r\n"
    for name in [*names][:20]:
        (labels / name.replace(".tif", "-classes.csv")).write_text(table, newline="")
    (labels / [*names][-1].replace(".tif", "-classes.csv")).write_text("colour,price\n")  # a table of another kind
    assert cellseg_cli("split", images, labels, "--out", tmp_path / "out").code == 0
    copies = [*(tmp_path / "out").glob("*/labels/*-classes.csv")]
    assert sorted(copy.name for copy in copies) == sorted(
        name.replace(".tif", "-classes.csv") for name in [*names][:20]
    )
    assert all(copy.with_name(copy.name.replace("-classes.csv", ".tif")).exists() for copy in copies)
    assert {copy.read_bytes() for copy in copies} == {table.encode()}


@pytest.mark.parametrize("axes", ["Z", "TZ", "ZT"])
def test_classes_of_a_stack_that_is_cut(cellseg_cli, tmp_path, axes):
    """Cell 1 of plane k has class 1 + k % 3, and as many pixels as tell k."""
    shape = {"Z": (12,), "TZ": (2, 12), "ZT": (12, 2)}[axes]
    stack = np.zeros((*shape, 8, 8), np.uint16)
    for k, place in enumerate(np.ndindex(*shape)):
        stack[place].ravel()[: 1 + k] = 1
    write_stack(tmp_path / "i.tif", stack, f"{axes}YX")
    write_stack(tmp_path / "l.ome.tif", stack, f"{axes}YX")
    rows = np.array([(k, 1, 1 + k % 3) for k in range(int(np.prod(shape)))])
    cellseg.CellClasses(("a", "b", "c"), rows).write_beside(tmp_path / "l.ome.tif")
    assert cellseg_cli("split", tmp_path / "i.tif", tmp_path / "l.ome.tif", "--out", tmp_path / "out").code == 0
    seen = 0
    for into in ("train", "validation"):
        table = cellseg.measure_file(tmp_path / "out" / into / "labels/i.tif")
        assert (table["class"] == 1 + (table["area_px"] - 1) % 3).all()
        assert table.words["class"] == ("a", "b", "c")
        seen += len(table)
    assert seen > len(rows) / 2
    (tmp_path / "l-classes.csv").write_text("plane,cell,class_number,class\n0,1,none,a\n")
    done = cellseg_cli("split", tmp_path / "i.tif", tmp_path / "l.ome.tif", "--out", tmp_path / "other")
    assert_refused(done, "l-classes.csv", "no table of classes")
    assert not (tmp_path / "other").exists()


def test_one_image_cannot_be_split(cellseg_cli, tmp_path):
    tifffile.imwrite(tmp_path / "i.tif", field(0))
    done = cellseg_cli("split", tmp_path / "i.tif", tmp_path / "i.tif", "--out", tmp_path / "out")
    assert_refused(done, "one group")
    assert_refused(cellseg_cli("split", tmp_path / "no", tmp_path / "i.tif", "--out", tmp_path / "out"), "no")

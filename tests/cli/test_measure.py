"""measure: a row a cell, with units, of planes and of volumes; the table that the window makes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile
from napari_cellseg.measure.table import grid_of

import cellseg
from cellseg.images.layout import ResultLayout
from cellseg.images.write import write_stack, write_tiled
from tests.cli.conftest import assert_refused
from tests.metrics.drawing import draw

PLANE = draw("""
    aa....c
    aa..b.c
    ......c
""").astype(np.uint16)


@pytest.fixture
def files(tmp_path):
    """Cells in a plane and in a stack of two (cell 2 is not in the second), 0.5 x 0.25 µm, planes 2 µm apart; grey."""
    stack = np.stack([PLANE, np.where(PLANE == 2, 0, PLANE)])
    grey = np.stack([PLANE * 10, PLANE * 20]).astype(np.float32)
    sizes = {"pixel_size_um": (0.5, 0.25), "spacing_um": 2.0}
    for name, array in {"plane": PLANE, "stack": stack, "grey": grey}.items():
        write_stack(tmp_path / f"{name}.tif", array, **sizes)
    tifffile.imwrite(tmp_path / "mask.tif", (PLANE > 0).astype(np.uint8) * 255)
    return tmp_path


def rows_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_a_row_a_cell_in_micrometres(cellseg_cli, files):
    done = cellseg_cli("measure", files / "plane.tif", "--out", files / "cells.csv", "--json")
    assert done.code == 0, done.err
    rows = rows_of(files / "cells.csv")
    assert [(row["cell"], row["area_um2"], row["last_x_px"]) for row in rows] == [
        ("1", "0.5", "1"),
        ("2", "0.125", "4"),
        ("3", "0.375", "6"),
    ]
    found = json.loads(done.out)
    assert (found["cells"], found["places"], found["unit"]) == (3, 1, "um")
    assert found["columns"] == list(rows[0])
    assert found["mean"]["area_um2"] == pytest.approx(1 / 3)
    assert "cell" not in found["mean"]


def test_a_stack_plane_by_plane_and_as_a_volume(cellseg_cli, files):
    words = ("measure", files / "stack.tif", files / "grey.tif", "--out", files / "cells.csv")
    assert cellseg_cli(*words).code == 0
    rows = rows_of(files / "cells.csv")
    assert [(row["cell"], row["plane"]) for row in rows] == [("1", "0"), ("2", "0"), ("3", "0"), ("1", "1"), ("3", "1")]
    assert [row["mean_grey"] for row in rows] == ["10", "20", "30", "20", "60"]
    assert cellseg_cli(*words, "--planes").code == 0
    assert rows_of(files / "cells.csv") == rows
    assert cellseg_cli(*words, "--volume").code == 0
    volumes = rows_of(files / "cells.csv")
    assert [(row["cell"], row["volume_um3"]) for row in volumes] == [("1", "2"), ("2", "0.25"), ("3", "1.5")]
    assert volumes[0]["mean_grey"] == "15"


def test_channels_by_name_and_pixels_without_a_size(cellseg_cli, files):
    two = np.stack([PLANE * 2, PLANE * 3])
    tifffile.imwrite(files / "two.ome.tif", two, metadata={"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}})
    tifffile.imwrite(files / "bare.tif", PLANE)
    done = cellseg_cli("measure", files / "bare.tif", files / "two.ome.tif", "--out", files / "c.csv")
    assert "in pixels" in done.err
    rows = rows_of(files / "c.csv")
    assert [(row["area_px"], row["mean_DAPI"], row["mean_GFP"]) for row in rows] == [
        ("4", "2", "3"),
        ("1", "4", "6"),
        ("3", "6", "9"),
    ]


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["DAPI", "DAPI", "GFP"], ["mean_DAPI_1", "mean_DAPI_2", "mean_GFP"]),
        (["DAPI", "DAPI_1", "DAPI"], ["mean_DAPI_2", "mean_DAPI_1", "mean_DAPI_3"]),
    ],
)
def test_channels_of_one_name_have_a_column_each(cellseg_cli, files, names, columns):
    three = np.stack([PLANE * k for k in (2, 3, 4)])
    tifffile.imwrite(files / "three.ome.tif", three, metadata={"axes": "CYX", "Channel": {"Name": names}})
    tifffile.imwrite(files / "bare.tif", PLANE)
    assert cellseg_cli("measure", files / "bare.tif", files / "three.ome.tif", "--out", files / "c.csv").code == 0
    rows = rows_of(files / "c.csv")
    assert [name for name in rows[0] if name.startswith("mean_")] == columns
    assert [rows[0][name] for name in columns] == ["2", "3", "4"]


def test_regions_of_a_mask_are_cells(cellseg_cli, files):
    done = cellseg_cli("measure", files / "mask.tif", "--out", files / "c.csv")
    assert "a mask of cells" in done.err
    assert sorted(row["area_px"] for row in rows_of(files / "c.csv")) == ["1", "3", "4"]


ONE = np.where(PLANE == 2, 7, 0) + np.where(PLANE == 1, 7, 0)
"""A cell in two pieces."""


@pytest.fixture
def one_cell(files):
    """A result of one cell, as `cellseg predict` marks it, with its class, and labels that hold the same without."""
    layout = ResultLayout(height=3, width=7, dtype=np.dtype(np.uint32), mark="model-options-image")
    write_tiled(files / "one.tif", layout, iter([ONE.astype(np.uint32)]))
    write_stack(files / "drawn.tif", ONE.astype(np.uint32))
    cellseg.CellClasses(("neuron",), np.array([[0, 7, 1]])).write_beside(files / "one.tif")
    return files


def test_a_result_with_one_cell_is_no_mask(cellseg_cli, one_cell):
    done = cellseg_cli("measure", one_cell / "one.tif", "--out", one_cell / "c.csv")
    assert "the labels are cell numbers" in done.err
    assert [(row["cell"], row["class"]) for row in rows_of(one_cell / "c.csv")] == [("7", "neuron")]
    assert cellseg_cli("convert", one_cell / "one.tif", "--out", one_cell / "b.tif").code == 0
    assert np.unique(tifffile.imread(one_cell / "b.tif")).tolist() == [0, 7]
    done = cellseg_cli("evaluate", one_cell / "one.tif", one_cell / "one.tif")
    assert "the prediction is numbered cells, the truth numbered cells" in done.err


def test_labels_with_a_table_of_classes_are_no_mask(cellseg_cli, one_cell):
    cellseg.CellClasses(("neuron",), np.array([[0, 7, 1]])).write_beside(one_cell / "drawn.tif")
    done = cellseg_cli("measure", one_cell / "drawn.tif", "--out", one_cell / "c.csv")
    assert "the labels are cell numbers" in done.err
    assert [(row["cell"], row["class"]) for row in rows_of(one_cell / "c.csv")] == [("7", "neuron")]


@pytest.mark.parametrize(("name", "words"), [("drawn", ()), ("one", ("--foreground", "zero"))])
def test_a_mask_is_one_where_no_mark_or_a_word_says_so(cellseg_cli, one_cell, name, words):
    done = cellseg_cli("measure", one_cell / f"{name}.tif", "--out", one_cell / "c.csv", *words)
    assert "a mask of cells" in done.err


def test_the_same_numbers_from_python_and_in_the_window(cellseg_cli, files):
    assert cellseg_cli("measure", files / "stack.tif", files / "grey.tif", "--out", files / "c.csv").code == 0
    table = cellseg.measure_file(files / "stack.tif", files / "grey.tif")
    table.write(files / "python.csv")
    assert (files / "python.csv").read_bytes() == (files / "c.csv").read_bytes()
    grid = grid_of((2.0, 0.5, 0.25), ("micrometer",) * 3, {}, together=2)
    labels, grey = tifffile.imread(files / "stack.tif"), tifffile.imread(files / "grey.tif")
    shown = [cellseg.measure_place(labels[k], {"grey": grey[k]}, grid, (k,)) for k in range(2)]
    assert shown[0].columns == table.columns
    np.testing.assert_array_equal(np.concatenate([one.values for one in shown]), table.values)


def test_no_cells_make_an_empty_table(cellseg_cli, files):
    tifffile.imwrite(files / "none.tif", PLANE * 0)
    assert cellseg_cli("measure", files / "none.tif", "--out", files / "c.csv").code == 0
    assert len((files / "c.csv").read_text().splitlines()) == 1


def test_what_cannot_be_measured(cellseg_cli, files):
    out = ("--out", files / "c.csv")
    assert_refused(cellseg_cli("measure", files / "gone.tif", *out), "gone.tif", "no such file")
    assert_refused(cellseg_cli("measure", files / "plane.tif", *out, "--volume"), "plane.tif", "single plane")
    assert_refused(cellseg_cli("measure", files / "plane.tif", files / "grey.tif", *out), "2 planes of 3 x 7", "3 x 7")
    assert_refused(cellseg_cli("measure", files / "plane.tif", "--out", files / "plane.tif"), "plane.tif", "an input")
    tifffile.imwrite(files / "half.tif", PLANE / np.float32(2))
    assert_refused(cellseg_cli("measure", files / "half.tif", *out), "half.tif", "whole numbers")
    times = np.stack([PLANE, PLANE])
    assert not (files / "c.csv").exists()
    write_stack(files / "times.tif", times, "TYX")
    assert_refused(cellseg_cli("measure", files / "times.tif", *out, "--volume"), "points in time")


def test_nothing_is_left_where_the_table_cannot_be_written(cellseg_cli, files):
    (files / "folder").mkdir()
    assert_refused(
        cellseg_cli("measure", files / "plane.tif", "--out", files / "folder"), "folder", "cannot be written"
    )
    assert not list(files.glob(".*.part"))

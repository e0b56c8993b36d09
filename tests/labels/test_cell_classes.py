"""Classes of cells lie in a table beside them, and go into every table of measurements."""

from __future__ import annotations

import csv
import os
from contextlib import suppress

import numpy as np
import pytest

import cellseg
from cellseg.conversion.folder import plan_folder
from cellseg.errors import InputError
from cellseg.labels.cell_classes import classes_beside
from cellseg.labels.doctor.repair import repair
from cellseg.labels.pairs import find_pairs

CLASSES = cellseg.CellClasses(("neuron", "glia"), np.array([(0, 1, 2), (0, 7, 1), (1, 1, 1)]))


def test_a_cell_goes_by_plane_and_number(tmp_path):
    CLASSES.write_beside(tmp_path / "cells.ome.tif")
    lines = (tmp_path / "cells-classes.csv").read_text().splitlines()
    assert lines == ["plane,cell,class_number,class", "0,1,2,glia", "0,7,1,neuron", "1,1,1,neuron"]
    found = cellseg.CellClasses.beside(tmp_path / "cells.tif")
    assert found.names == ("neuron", "glia")
    assert found.of([1, 2, 7]).tolist() == [2, 0, 1]
    assert found.of([1, 7], [1]).tolist() == [1, 0]
    cellseg.CellClasses(("a", "b", "c"), np.array([(0, 1, 2)])).write_beside(tmp_path / "few.tif")
    assert (tmp_path / "few-classes.csv").read_text().splitlines()[2:] == [",,1,a", ",,3,c"]
    assert cellseg.CellClasses.beside(tmp_path / "few.tif").names == ("a", "b", "c")
    assert cellseg.CellClasses(("a",), np.zeros((0, 3), np.int64)).of([3]).tolist() == [0]
    cellseg.CellClasses.forget(tmp_path / "cells.tif")
    assert cellseg.CellClasses.beside(tmp_path / "cells.tif") is None


@pytest.mark.parametrize(
    "rows",
    [
        "0,1,9999999999,glia",
        "0,1,0,glia",
        "0,1,-1,glia",
        "0,1,1",
        "0,1,99999999999999999999999,glia",
        "0,99999999999999999999999,1,glia",
        "0,1,1,neuron\n0,2,1,glia",  # the word was mended by hand, and the number not
    ],
)
def test_a_damaged_table_is_said(tmp_path, rows):
    (tmp_path / "cells-classes.csv").write_text("plane,cell\n0,1\n")
    with pytest.raises(InputError, match="is no table of classes of cells"):
        cellseg.CellClasses.beside(tmp_path / "cells.tif")
    (tmp_path / "cells-classes.csv").write_text(f"plane,cell,class_number,class\n{rows}\n")
    with pytest.raises(InputError, match="is no table of classes of cells"):
        cellseg.CellClasses.beside(tmp_path / "cells.tif")


def test_the_class_is_a_column_of_measurements(tmp_path):
    cells = np.zeros((2, 20, 30), np.uint8)
    cells[0, 2:6, 2:6], cells[0, 9:15, 9:15], cells[0, 2:6, 20:25], cells[1, 3:9, 3:9] = 1, 7, 9, 1
    cellseg.write_stack(tmp_path / "cells.tif", cells)
    assert "class" not in cellseg.measure_file(tmp_path / "cells.tif").columns
    CLASSES.write_beside(tmp_path / "cells.tif")
    table = cellseg.measure_file(tmp_path / "cells.tif")
    assert table.columns[:3] == ("cell", "plane", "class")
    table.write(tmp_path / "cells.csv")
    with open(tmp_path / "cells.csv", newline="") as file:
        rows = [(row["plane"], row["cell"], row["class"]) for row in csv.DictReader(file)]
    assert rows == [("0", "1", "glia"), ("0", "7", "neuron"), ("0", "9", ""), ("1", "1", "neuron")]


def test_a_table_of_somebody_else_is_not_removed(tmp_path):
    (tmp_path / "cells-classes.csv").write_text("my,table\n")
    cellseg.CellClasses.forget(tmp_path / "cells.tif")
    assert (tmp_path / "cells-classes.csv").exists()


def test_cells_that_were_changed_keep_the_class_of_what_they_were():
    classes = cellseg.CellClasses(("neuron", "glia"), np.array([[0, 7, 1], [1, 3, 2], [1, 4, 1]]))
    before = np.array([[3, 3, 3, 0, 4, 4], [3, 3, 3, 0, 4, 5]])
    after = np.array([[3, 3, 9, 1, 4, 3], [3, 3, 9, 1, 4, 0]])  # a piece is new, a cell is new, one has grown
    assert classes.carried_over(1, before, after).tolist() == [[1, 3, 2], [1, 4, 1], [1, 9, 2]]
    assert classes.carried_over(0, before, after).tolist() == []


def test_repaired_labels_keep_the_classes_of_their_cells(tmp_path):
    for folder in ("labels", "images"):
        (tmp_path / folder).mkdir()
    stack = np.zeros((2, 60, 80), np.uint16)
    stack[:, 5:20, 5:20], stack[1, 30:50, 30:60], stack[1, 2:12, 60:75], stack[0, 40, 70] = 3, 9, 9, 3
    cellseg.write_stack(tmp_path / "labels" / "a.tif", stack, "ZYX")
    cellseg.write_stack(tmp_path / "images" / "a.tif", (stack * 20).astype(np.uint8), "ZYX")
    rows = [[0, 3, 1], [1, 3, 1], [1, 9, 2]]
    cellseg.CellClasses(("neuron", "glia"), np.array(rows)).write_beside(tmp_path / "labels" / "a.tif")
    report = cellseg.check(tmp_path / "images", tmp_path / "labels")
    assert "split" in {finding.code for finding in report.findings}
    repair(find_pairs(tmp_path / "images", tmp_path / "labels"), report, tmp_path / "fixed", lambda _: None)
    fixed = cellseg.open_image(tmp_path / "fixed" / "a.tif").read(1)[0]
    piece = int(fixed[5, 65])
    assert piece not in (0, 3, 9)
    found = cellseg.CellClasses.beside(tmp_path / "fixed" / "a.tif")
    assert found.names == ("neuron", "glia")
    assert sorted(found.rows.tolist()) == sorted([*rows, [1, piece, 2]])


class Killed(BaseException):
    """The end of the program at some place."""


def renames_until(monkeypatch, last):
    """Kill the program at the first rename of a file for which `last` says so."""
    replace = os.replace

    def rename(old, new):
        if last(str(new)):
            raise Killed
        replace(old, new)

    monkeypatch.setattr(os, "replace", rename)


def cells_of(number):
    cells = np.zeros((20, 30), np.uint8)
    cells[2:6, 2:6] = number
    return cells


def write_with(path, number, *, table=True):
    """Cells of one number, with a table that knows it."""
    known = cellseg.CellClasses(("neuron",), np.array([(0, number, 1)])) if table else None
    with classes_beside(path, known):
        cellseg.write_stack(path, cells_of(number), "yx")


@pytest.mark.parametrize("name", ["cells.tif", "cells.ome.zarr"])
def test_a_kill_between_cells_and_table_leaves_no_table_of_others(tmp_path, monkeypatch, name):
    path = tmp_path / name
    write_with(path, 1)
    with monkeypatch.context() as patch, suppress(Killed):
        renames_until(patch, lambda new: new.endswith("-classes.csv"))
        write_with(path, 2)
    assert cellseg.open_image(path).read(0).max() == 2
    assert cellseg.CellClasses.beside(path) is None
    write_with(path, 3)
    assert cellseg.CellClasses.beside(path).rows.tolist() == [[0, 3, 1]]


@pytest.mark.parametrize("table", [True, False])
def test_cells_that_are_not_replaced_keep_their_table(tmp_path, monkeypatch, table):
    path = tmp_path / "cells.tif"
    write_with(path, 1)
    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr("cellseg.files._flush", lambda _: (_ for _ in ()).throw(Killed()))
        write_with(path, 2, table=table)
    assert cellseg.open_image(path).read(0).max() == 1
    assert cellseg.CellClasses.beside(path).rows.tolist() == [[0, 1, 1]]
    write_with(path, 2, table=table)
    assert (cellseg.CellClasses.beside(path) is not None) == table


def test_the_link_to_a_table_stays(tmp_path):
    (tmp_path / "cells-classes.csv").symlink_to(tmp_path / "elsewhere.csv")
    for number in (1, 2):
        write_with(tmp_path / "cells.tif", number)
    assert (tmp_path / "cells-classes.csv").is_symlink()
    assert cellseg.CellClasses.beside(tmp_path / "cells.tif").rows.tolist() == [[0, 2, 1]]


@pytest.mark.parametrize("after", range(4))
def test_a_folder_that_is_half_replaced_has_no_table_of_others(tmp_path, monkeypatch, after):
    """The program is killed before rename number `after` of those into the folder."""
    for name, number in {"a": 1, "b": 1}.items():
        write_with(tmp_path / "old" / f"{name}.tif", number)
    list(plan_folder(tmp_path / "old", tmp_path / "out", to="tif").write())
    for name in ("a", "b"):
        write_with(tmp_path / "new" / f"{name}.tif", 2)
    done = []
    with monkeypatch.context() as patch, suppress(Killed):
        into = str(tmp_path / "out") + os.sep
        renames_until(patch, lambda new: new.startswith(into) and (done.append(new) or len(done) > after))
        list(plan_folder(tmp_path / "new", tmp_path / "out", to="tif", overwrite=True).write())
    assert len(done) == after + 1
    for name in ("a", "b"):
        file = tmp_path / "out" / f"{name}.tif"
        known = cellseg.CellClasses.beside(file)
        assert known is None or known.rows[0, 1] == cellseg.open_image(file).read(0).max()

"""predict --table: a row a cell of all images, the same as `cellseg measure` gives."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import cellseg
from cellseg.images.source import array_source
from cellseg.images.write import write_stack
from cellseg.measure.by_blocks import tables_by_blocks
from cellseg.measure.files import plan_of
from cellseg.measure.table import joined
from cellseg.options import LabelOptions

from .conftest import assert_refused

CELLS = LabelOptions(labels_are="instances")


@pytest.fixture
def predict(cellseg_cli, untrained, tmp_path):
    grey = (np.random.default_rng(0).random((2, 48, 40)) * 255).astype(np.uint8)
    (tmp_path / "in").mkdir()
    write_stack(tmp_path / "in/a.tif", grey[0], pixel_size_um=(0.5, 0.25))
    write_stack(tmp_path / "in/b.tif", grey)

    def call(*words):
        files = "--out", tmp_path / "out", "--table", tmp_path / "cells.csv"
        return cellseg_cli("predict", untrained, tmp_path / "in", *files, *words)

    return call


def rows_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_the_cells_of_all_images_with_units_and_names(predict, tmp_path):
    (tmp_path / "in/bad.tif").write_bytes(b"II*\0 cut off")
    done = predict()
    assert done.code == 1, done.err
    rows = rows_of(tmp_path / "cells.csv")
    for name, unit in (("a", "um"), ("b", "px")):
        mine = [row for row in rows if row["image"] == f"{name}.tif"]
        wanted = cellseg.measure_file(tmp_path / f"out/{name}.tif", tmp_path / f"in/{name}.tif", labels_are="instances")
        assert len(mine) == len(wanted) > 0
        assert [float(row["cell"]) for row in mine] == wanted["cell"].tolist()
        assert [float(row[f"centroid_y_{unit}"]) for row in mine] == pytest.approx(wanted[f"centroid_y_{unit}"])
        assert [float(row["mean_image"]) for row in mine] == pytest.approx(wanted[f"mean_{name}"])
    assert {row["plane"] for row in rows} == {"", "0", "1"}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_resume_measures_what_was_finished_before(predict, tmp_path):
    assert predict().code == 0
    before = (tmp_path / "cells.csv").read_bytes()
    (tmp_path / "out/a.tif").unlink()
    assert predict("--resume").code == 0
    assert (tmp_path / "cells.csv").read_bytes() == before


def test_a_table_needs_cells_and_a_place(predict, cellseg_cli, untrained, tmp_path):
    assert_refused(predict("--result", "classes"), "--table measures cells")
    image = tmp_path / "in/a.tif"
    assert_refused(cellseg_cli("predict", untrained, image, "--out", tmp_path / "x.tif", "--table", image), "a.tif")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("block", [16, 24, 64])
def test_blocks_give_the_table_of_the_whole(block):
    rng = np.random.default_rng(1)
    labels = np.zeros((2, 50, 70), np.uint32)
    for number in range(1, 30):
        y, x = rng.integers(0, 45), rng.integers(0, 60)
        labels[number % 2, y : y + rng.integers(2, 30), x : x + rng.integers(2, 9)] = number * 3
    grey = array_source(rng.random((2, 2, 50, 70)), axes="ZCYX")
    plan = plan_of(array_source(labels), grey, reading=CELLS)
    part, whole = (joined([*tables]) for tables in (tables_by_blocks(plan, block), plan.tables()))
    assert part.columns == whole.columns
    order = np.lexsort((part["cell"], part["plane"]))
    np.testing.assert_allclose(part.values[order], whole.values, rtol=1e-12, atol=1e-9)


def test_a_plane_without_cells_has_the_columns():
    plan = plan_of(array_source(np.zeros((40, 9), np.uint8)), array_source(np.zeros((40, 9))), reading=CELLS)
    (part,), (whole,) = tables_by_blocks(plan, 16), plan.tables()
    assert (len(part), part.columns) == (0, whole.columns)

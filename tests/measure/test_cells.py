"""Cells are measured as scikit-image's regionprops measures them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import regionprops

import cellseg
from cellseg import InputError
from tests.metrics.drawing import draw, label_images

CELLS = draw("""
    aaaa......
    aaaa..b...
    .....bbb..
    ......b..c
""")
SAME = {
    "perimeter_px": "perimeter",
    "major_axis_px": "axis_major_length",
    "minor_axis_px": "axis_minor_length",
    "solidity": "solidity",
    "mean_grey": "intensity_mean",
    "min_grey": "intensity_min",
    "max_grey": "intensity_max",
    "std_grey": "intensity_std",
}


def test_a_drawn_shape_in_micrometres():
    table = cellseg.measure_cells(CELLS, spacing=(0.5, 0.5), unit="um")
    assert table["cell"].tolist() == [1, 2, 3]
    assert table["area_um2"].tolist() == [2.0, 1.25, 0.25]
    assert (table["centroid_y_um"][0], table["centroid_x_um"][0]) == (0.25, 0.75)
    box = [table[f"{end}_{axis}_px"][1] for end in ("first", "last") for axis in "yx"]
    assert box == [1, 5, 3, 7]
    assert table["perimeter_um"][0] == 4.0
    assert table["orientation_deg"][0] == 90
    assert table["solidity"].tolist() == [1, 1, 1]


def test_pixels_that_are_not_square_have_no_perimeter():
    table = cellseg.measure_cells(CELLS, spacing=(2, 0.5), unit="um")
    assert not [name for name in table.columns if name.startswith("perimeter")]
    assert table["area_um2"].tolist() == [8, 5, 1]
    assert table["major_axis_um"][1] == pytest.approx(4 * np.sqrt(4 * 0.4))


@settings(deadline=None, max_examples=60)
@given(label_images(side=12, highest=3), st.integers(0, 2**32 - 1))
def test_a_plane_as_regionprops(labels, seed):
    grey = np.random.default_rng(seed).normal(1000, 10, labels.shape)
    table = cellseg.measure_cells(labels, {"grey": grey})
    known = regionprops(labels, grey)
    assert table["cell"].tolist() == [cell.label for cell in known]
    for row, cell in enumerate(known):
        assert table["area_px"][row] == cell.area
        for column, name in SAME.items():
            assert table[column][row] == pytest.approx(getattr(cell, name), abs=1e-6), column
        assert table["eccentricity"][row] == pytest.approx(cell.eccentricity, abs=1e-6)
        if cell.eccentricity > 1e-6:  # a circle has no direction
            turned = table["orientation_deg"][row] - np.degrees(cell.orientation)
            assert turned % 180 == pytest.approx(0, abs=1e-6) or turned % 180 == pytest.approx(180, abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(1, 6)] * 3))
def test_a_volume_as_regionprops(seed, shape):
    labels = np.random.default_rng(seed).integers(0, 4, shape) * 70_000
    spacing = (2.0, 0.5, 0.25)
    table = cellseg.measure_cells(labels, {"grey": labels}, spacing, "um")
    for row, cell in enumerate(regionprops(labels, spacing=spacing)):
        assert table["volume_um3"][row] == pytest.approx(cell.area)
        centroid = [table[f"centroid_{axis}_um"][row] for axis in "zyx"]
        assert centroid == pytest.approx(cell.centroid)
        assert table["major_axis_um"][row] == pytest.approx(cell.axis_major_length, abs=1e-6)
        assert table["minor_axis_um"][row] == pytest.approx(cell.axis_minor_length, abs=1e-6)
        assert table["mean_grey"][row] == cell.label


def test_no_cell_at_all():
    table = cellseg.measure_cells(np.zeros((3, 4), np.uint8), {"grey": np.zeros((3, 4))})
    assert len(table) == 0
    assert table.columns[-1] == "std_grey"


@pytest.mark.parametrize(
    ("labels", "more", "found"),
    [
        (CELLS, {"images": {"grey": np.zeros((2, 2))}}, "the image grey is 2 x 2 and the labels 4 x 10"),
        (CELLS, {"spacing": (1, 0)}, r"the spacing \(1.0, 0.0\) does not fit labels of 2 axes"),
        (CELLS / 2, {}, "holds float64 numbers"),
        (CELLS[0], {}, r"the label image's shape is \(10,\)"),
    ],
)
def test_what_cannot_be_measured(labels, more, found):
    with pytest.raises(InputError, match=found):
        cellseg.measure_cells(labels, **more)


def test_a_file_is_complete_and_exact(tmp_path):
    labels = np.array([[0, 2**32 - 1, 2**32 - 1]], np.uint32)
    grey = np.array([[0, np.nan, 1]])
    table = cellseg.measure_cells(labels, {"a, b": grey})
    table.write(tmp_path / "cells.csv")
    header, row = (tmp_path / "cells.csv").read_text().splitlines()
    assert header.startswith("cell,area_px,centroid_y_px,centroid_x_px,first_y_px")
    assert '"mean_a, b"' in header
    assert row.startswith("4294967295,2,0,1.5,0,1,0,2,")
    assert row.endswith(",1,,,,")
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(InputError, match="cannot be written"):
        table.write(tmp_path / "cells.csv" / "below.csv")


def test_a_column_that_is_not_there():
    with pytest.raises(InputError, match="the table has no column size"):
        cellseg.measure_cells(CELLS)["size"]


def test_a_single_image_needs_no_name():
    table = cellseg.measure_cells(CELLS, CELLS * 2)
    assert table["mean_image"].tolist() == (table["cell"] * 2).tolist()

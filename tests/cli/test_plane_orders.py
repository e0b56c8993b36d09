"""Planes over depth and time are counted in two orders; what is of one plane goes to that plane at every door."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.errors import InputError
from cellseg.labels.pairs import find_pairs

DEPTH, TIMES, SIDE = 3, 2, 40


def labels_zt():
    """(Z, T, Y, X): in each plane a square of its own width, numbered 1, and below depth 1 another, numbered 2."""
    found = np.zeros((DEPTH, TIMES, SIDE, SIDE), np.uint16)
    for z in range(DEPTH):
        for t in range(TIMES):
            found[z, t, 2 : 6 + z, 2 : 8 + 3 * t] = 1
            if z:
                found[z, t, 20:30, 20:30] = 2
    return found


def image_zt():
    """Grey value 100 t + 10 z + 5 in the whole plane."""
    z, t = np.mgrid[:DEPTH, :TIMES]
    return np.broadcast_to((100 * t + 10 * z + 5)[..., None, None], (DEPTH, TIMES, SIDE, SIDE)).astype(np.uint8)


def write(path, stack, axes):
    """A stack (Z, T, Y, X) as a file that counts its planes along `axes`."""
    turned = stack if axes == "ZT" else stack.swapaxes(0, 1)
    tifffile.imwrite(path, turned, metadata={"axes": f"{axes}YX"}, ome=True, photometric="minisblack")
    assert cellseg.open_image(path).plane_axes == axes
    return path


@pytest.mark.parametrize("labelled", ["ZT", "TZ"])
@pytest.mark.parametrize("imaged", ["ZT", "TZ"])
def test_brightness_is_that_of_the_same_plane(tmp_path, labelled, imaged):
    labels = write(tmp_path / "labels.ome.tif", labels_zt(), labelled)
    image = write(tmp_path / "image.ome.tif", image_zt(), imaged)
    table = cellseg.measure_file(labels, image)
    means = sorted(zip(table["area_px"].tolist(), table["mean_image"].tolist(), strict=True))
    wanted = sorted(
        (float((labels_zt()[z, t] == cell).sum()), 100.0 * t + 10 * z + 5)
        for z in range(DEPTH)
        for t in range(TIMES)
        for cell in (1, 2)
        if z or cell == 1
    )
    assert means == wanted


@pytest.mark.parametrize("axes", ["ZT", "TZ"])
def test_columns_of_places_are_named_by_the_axes(cellseg_cli, tmp_path, axes):
    labels = write(tmp_path / "labels.ome.tif", labels_zt(), axes)
    assert cellseg_cli("measure", labels, "--out", tmp_path / "cells.csv").code == 0
    with open(tmp_path / "cells.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [*rows[0]][1:3] == {"ZT": ["plane", "frame"], "TZ": ["frame", "plane"]}[axes]
    for row in rows:
        cell = labels_zt()[int(row["plane"]), int(row["frame"])] == int(row["cell"])
        assert float(row["area_px"]) == cell.sum()


AXES = {
    (2, "", 0): (),
    (2, "Z", 1): ("plane",),
    (2, "T", 1): ("plane",),
    (2, "TZ", 2): ("frame", "plane"),
    (2, "ZT", 2): ("plane", "frame"),
    (2, "PZ", 2): ("axis_p", "plane"),
    (2, "", 2): ("frame", "plane"),
    (2, "", 3): ("axis0", "frame", "plane"),
    (3, "T", 1): ("frame",),
    (3, "PT", 2): ("axis_p", "frame"),
    (3, "", 2): ("axis0", "frame"),
}
"""Columns by the number of axes that are measured together, the letters of those before, if known, and their number."""


@pytest.mark.parametrize(("together", "axes", "leading"), AXES)
def test_columns_of_axes(together, axes, leading):
    grid = cellseg.CellGrid((1.0,) * together, "px", leading=leading, axes=axes)
    assert grid.keys == AXES[together, axes, leading]


def test_the_same_labels_in_two_orders_agree(tmp_path):
    one = write(tmp_path / "a.ome.tif", labels_zt(), "ZT")
    other = write(tmp_path / "b.ome.tif", labels_zt(), "TZ")
    for pair in find_pairs(one, other):
        np.testing.assert_array_equal(pair.image.read(pair.image_plane), pair.labels.read(pair.label_plane))


def test_other_lengths_of_the_axes_are_refused(tmp_path):
    write(tmp_path / "labels.ome.tif", labels_zt(), "ZT")
    write(tmp_path / "image.ome.tif", image_zt().reshape(TIMES, DEPTH, SIDE, SIDE), "ZT")
    files = tmp_path / "image.ome.tif", tmp_path / "labels.ome.tif"
    with pytest.raises(InputError, match=r"has 6 \(Z 2, T 3\) planes, its labels 6 \(Z 3, T 2\)"):
        find_pairs(*files)
    with pytest.raises(InputError, match=r"Z 2, T 3"):
        cellseg.measure_file(files[1], files[0])


@pytest.mark.parametrize("ending", [".zip", ".geojson", ".ome.zarr", ".tif"])
@pytest.mark.parametrize("axes", ["ZT", "TZ"])
def test_converted_there_and_back(tmp_path, ending, axes):
    file = write(tmp_path / "labels.ome.tif", labels_zt(), axes)
    cellseg.CellClasses(("a", "b"), np.array([[1, 1, 1], [4, 2, 2]])).write_beside(file)
    cellseg.convert(file, tmp_path / f"there{ending}")
    source = cellseg.open_image(file)
    there = cellseg.open_labels(tmp_path / f"there{ending}", like=source)
    back = there.in_order_of(source)
    for plane in range(source.planes):
        np.testing.assert_array_equal(back.read(plane), source.read(plane))
    classes = cellseg.CellClasses.beside(tmp_path / f"there{ending}")
    found = {(float((there.read(plane)[0] == cell).sum()), kind) for plane, cell, kind in classes.rows.tolist()}
    assert found == {(float((source.read(k)[0] == cell).sum()), kind) for k, cell, kind in [(1, 1, 1), (4, 2, 2)]}


def test_frame_and_slice_of_regions_are_those_of_fiji_and_qupath(tmp_path):
    file = write(tmp_path / "labels.ome.tif", labels_zt(), "ZT")
    cellseg.convert(file, tmp_path / "a.geojson")
    features = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
    places = {(one["geometry"]["plane"]["z"], one["geometry"]["plane"]["t"]): one for one in features}
    for (z, t), feature in places.items():
        area = feature["properties"]["measurements"]["area_px"]
        cell = int(feature["properties"]["name"].split()[-1])
        assert area == (labels_zt()[z, t] == cell).sum()
    assert len(places) == DEPTH * TIMES
    roifile = pytest.importorskip("roifile")
    cellseg.convert(file, tmp_path / "a.zip")
    regions = roifile.ImagejRoi.fromfile(tmp_path / "a.zip")
    assert {(roi.z_position, roi.t_position) for roi in regions} == {(z + 1, t + 1) for z, t in places}


def test_an_array_is_converted_along_its_axes_and_files_say_their_own(tmp_path):
    cellseg.convert(labels_zt(), tmp_path / "there.geojson", axes="ZTYX")
    image = cellseg.array_source(np.zeros((TIMES, DEPTH, SIDE, SIDE), np.uint8), axes="TZYX")
    back = cellseg.open_labels(tmp_path / "there.geojson", like=image)
    planes = [back.read(plane)[0] for plane in range(back.planes)]
    np.testing.assert_array_equal(planes, labels_zt().swapaxes(0, 1).reshape(-1, SIDE, SIDE))
    with pytest.raises(InputError, match="Leave axes out"):
        cellseg.convert(write(tmp_path / "a.ome.tif", labels_zt(), "ZT"), tmp_path / "a.geojson", axes="TZYX")


@pytest.mark.parametrize("axes", ["Z", "T"])
def test_regions_of_a_stack_with_channels_lie_in_their_planes(tmp_path, axes):
    """ImageJ gives these no position but a channel, a slice and a frame, 1 of the one that the image has not."""
    roifile = pytest.importorskip("roifile")
    tifffile.imwrite(
        tmp_path / "image.ome.tif",
        np.zeros((4, 2, 30, 30), np.uint8),
        metadata={"axes": f"{axes}CYX"},
        ome=True,
        photometric="minisblack",
    )
    image = cellseg.open_image(tmp_path / "image.ome.tif")
    corners = np.array([[5, 5], [5, 15], [15, 15], [15, 5]])
    for plane in range(4):
        roi = roifile.ImagejRoi.frompoints(corners, name=f"cell {plane + 1}")
        roi.position, roi.c_position = 0, 1
        roi.z_position, roi.t_position = (plane + 1, 1) if axes == "Z" else (1, plane + 1)
        roi.tofile(tmp_path / "rois.zip")
    labels = cellseg.open_labels(tmp_path / "rois.zip", like=image)
    assert [int(labels.read(plane).max()) for plane in range(4)] == [1, 2, 3, 4]


@pytest.mark.parametrize("axes", ["ZT", "TZ"])
@pytest.mark.parametrize("result", ["cells.ome.zarr", "cells.tif"])
def test_the_table_of_a_prediction_has_the_brightness_of_each_plane(cellseg_cli, tmp_path, axes, result):
    stack = np.zeros((DEPTH, TIMES, 64, 64), np.uint8)
    for z in range(DEPTH):
        for t in range(TIMES):
            stack[z, t] = 20
            stack[z, t, 20:40, 20 : 30 + 5 * z + 3 * t] = 100 + 20 * z + 60 * t
    image = write(tmp_path / "image.ome.tif", stack, axes)
    done = cellseg_cli("predict", "nuclei", image, "--out", tmp_path / result, "--table", tmp_path / "cells.csv")
    assert done.code == 0, done.err
    cells = cellseg.open_image(tmp_path / result)
    own = cellseg.open_image(image).in_order_of(cells)
    with open(tmp_path / "cells.csv", newline="") as file:
        found = sorted(float(row["mean_image"]) for row in csv.DictReader(file))
    wanted = []
    for plane in range(cells.planes):
        numbers, grey = cells.read(plane)[0], own.read(plane)[0]
        wanted += [float(grey[numbers == cell].mean()) for cell in np.unique(numbers[numbers > 0])]
    assert len(wanted) >= DEPTH
    assert found == pytest.approx(sorted(wanted), abs=0.01)

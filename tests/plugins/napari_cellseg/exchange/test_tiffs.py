"""Label TIFFs: there and back, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from napari_cellseg.exchange.tiffs import read_labels, write_labels

import cellseg
from cellseg import InputError


def test_there_and_back(annotated, layer, put, tmp_path):
    path = tmp_path / "labels.tif"
    assert "--ignore-label 65535" in write_labels(path, layer(annotated), mark_unknown=True)
    written = tifffile.imread(path)
    assert written.dtype == np.uint16
    np.testing.assert_array_equal(written == 65535, annotated == 0)
    empty = layer(annotated.shape)
    np.testing.assert_array_equal(put(read_labels(path, empty, "background"), empty), annotated)


def test_a_stack_there_and_back(annotated, layer, put, tmp_path):
    stack = np.stack([annotated, annotated[::-1], np.zeros_like(annotated)])
    path = tmp_path / "labels.tif"
    write_labels(path, layer(stack, axes="T"), mark_unknown=True)
    empty = layer(stack.shape)
    np.testing.assert_array_equal(put(read_labels(path, empty, "background"), empty), stack)


@pytest.mark.parametrize("ending", [".ome.tif", ".geojson", ".zip"])
def test_planes_that_a_file_counts_in_another_order(layer, put, tmp_path, ending):
    stack = np.zeros((2, 3, 30, 40), np.uint16)  # TZYX
    for t, z in np.ndindex(2, 3):
        stack[t, z, 5 : 10 + 3 * z, 5 : 12 + 6 * t] = 1 + t + 2 * z
    path = tmp_path / f"labels{ending}"
    tifffile.imwrite(
        tmp_path / "zt.ome.tif", stack.swapaxes(0, 1), metadata={"axes": "ZTYX"}, ome=True, photometric="minisblack"
    )
    cellseg.convert(tmp_path / "zt.ome.tif", path, labels_are="instances")
    empty = layer(stack.shape, annotation=False, axes="TZ")
    np.testing.assert_array_equal(put(read_labels(path, empty, "background"), empty), stack)
    other = layer((3, 2, 30, 40), annotation=False, axes="TZ")
    if ending == ".ome.tif":
        with pytest.raises(cellseg.InputError, match="must be equal"):
            list(read_labels(path, other, "background"))


def test_without_marks_unknown_is_background(annotated, layer, tmp_path):
    path = tmp_path / "labels.tif"
    write_labels(path, layer(annotated), mark_unknown=False)
    np.testing.assert_array_equal(tifffile.imread(path), np.where(annotated > 1, annotated, 0))


@pytest.mark.parametrize(("rest", "wanted"), [("background", [1, 2]), ("unknown", [0, 2]), ("kept", [7, 2])])
def test_what_is_no_cell(rest, wanted, layer, put, tmp_path):
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, np.array([[0, 1]], np.uint8))
    target = layer(np.full((1, 2), 7, np.uint32))
    assert put(read_labels(path, target, rest), target).tolist() == [wanted]


def test_cells_keep_their_numbers_unless_one_is_number_1(layer, put, tmp_path):
    for numbers, wanted in (([2, 9], [2, 9]), ([1, 9], [2, 10])):
        tifffile.imwrite(tmp_path / "labels.tif", np.array([numbers], np.uint16))
        for annotation in (True, False):
            target = layer((1, 2), annotation=annotation)
            put(read_labels(tmp_path / "labels.tif", target, "background"), target)
            assert target.data.tolist() == [wanted if annotation else numbers]


def test_the_pieces_of_a_mask_are_cells(layer, put, tmp_path):
    tifffile.imwrite(tmp_path / "mask.tif", np.array([[255, 0, 255, 255]], np.uint8))
    target = layer((1, 4))
    assert put(read_labels(tmp_path / "mask.tif", target, "background"), target).tolist() == [[2, 1, 3, 3]]


def test_a_single_plane_goes_to_the_plane_on_the_screen(layer, put, tmp_path):
    tifffile.imwrite(tmp_path / "labels.tif", np.array([[0, 3]], np.uint8))
    target = layer((3, 1, 2), plane=2)
    assert put(read_labels(tmp_path / "labels.tif", target, "unknown"), target).tolist() == [[[0, 0]]] * 2 + [[[0, 3]]]


def test_another_size_is_refused(layer, tmp_path):
    tifffile.imwrite(tmp_path / "labels.tif", np.zeros((2, 5, 4), np.uint8), photometric="minisblack")
    with pytest.raises(InputError, match=r"labels\.tif: is 2 x 5 x 4, labels is 1 x 5 x 6"):
        next(read_labels(tmp_path / "labels.tif", layer((5, 6)), "unknown"))


def test_no_labels_at_all_are_refused(layer, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32))
    with pytest.raises(InputError, match=r"a\.tif"):
        next(read_labels(tmp_path / "a.tif", layer((5, 6)), "unknown"))
    (tmp_path / "b.tif").write_text("no")
    with pytest.raises(InputError, match=r"b\.tif"):
        next(read_labels(tmp_path / "b.tif", layer((5, 6)), "unknown"))


@pytest.mark.parametrize("ending", [".geojson", ".json", ".png"])
def test_formats_of_other_programs_there_and_back(annotated, layer, put, tmp_path, ending):
    """Cells alone: what nobody annotated is background there."""
    path = tmp_path / f"cells{ending}"
    assert write_labels(path, layer(annotated), mark_unknown=True).endswith(" cells")
    empty = layer(annotated.shape)
    wanted = np.where(annotated > 1, annotated, 1)
    np.testing.assert_array_equal(put(read_labels(path, empty, "background"), empty), wanted)


@pytest.mark.parametrize(
    ("shape", "axes", "where"),
    [
        ((2, 3), "TZ", {(t, z) for t in range(2) for z in range(3)}),
        ((3, 2), "ZT", {(t, z) for t in range(2) for z in range(3)}),
        ((2, 3), "", {(t, z) for t in range(2) for z in range(3)}),
        ((4,), "T", {(t, 0) for t in range(4)}),
        ((4,), "Z", {(0, z) for z in range(4)}),
        ((2, 2, 2), "PTZ", {(0, z) for z in range(8)}),
    ],
)
def test_times_and_depths_there_and_back(layer, put, tmp_path, shape, axes, where):
    stack = np.zeros((*shape, 12, 30), np.uint32)
    for number, place in enumerate(np.ndindex(*shape), 1):
        stack[(*place, slice(2, 8), slice(1, 4 + 3 * number))] = number
    path = tmp_path / "cells.geojson"
    write_labels(path, layer(stack, annotation=False, axes=axes), mark_unknown=False)
    planes = [one["geometry"]["plane"] for one in json.loads(path.read_text("utf-8"))["features"]]
    assert {(plane["t"], plane["z"]) for plane in planes} == where
    empty = layer(stack.shape, annotation=False, axes=axes or "TZ")
    np.testing.assert_array_equal(put(read_labels(path, empty, "background"), empty), stack)


def test_a_single_outline_in_pieces_is_a_cell(layer, put, tmp_path):
    numbers = np.array([[1, 0, 1, 1]], np.uint16)
    cellseg.convert(numbers, tmp_path / "a.geojson", labels_are="instances")
    target = layer((1, 4), annotation=False)
    assert put(read_labels(tmp_path / "a.geojson", target, "background"), target).tolist() == [[1, 0, 1, 1]]


def test_coloured_labels_and_outlines_of_a_stack(layer, put, tmp_path):
    colours = np.array([[[0, 0, 0], [255, 0, 0], [0, 9, 200]]], np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    target = layer((1, 3), annotation=False)
    assert sorted(put(read_labels(tmp_path / "a.tif", target, "background"), target).tolist()[0]) == [0, 1, 2]
    stack = np.array([[[0, 3]], [[4, 4]], [[0, 0]]], np.uint16)
    cellseg.convert(stack, tmp_path / "s.geojson", labels_are="instances")
    target = layer(stack.shape, annotation=False)
    np.testing.assert_array_equal(put(read_labels(tmp_path / "s.geojson", target, "background"), target), stack)

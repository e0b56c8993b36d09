"""The contact sheet of deformations, and the settings as a command."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path

import numpy as np
from napari.layers import Labels
from napari_cellseg.preview.borders import label_file
from napari_cellseg.preview.command import train_command, weights_command
from napari_cellseg.preview.sheet import COLUMNS, GAP, INK, LARGEST, as_seen, contact_sheet, middle

import cellseg
from cellseg.options import AugmentOptions, WeightOptions, WeightsAlone, described


def cells_of(sheet, shape):
    return [
        sheet[top : top + shape[0], left : left + shape[1]]
        for top in range(0, sheet.shape[0], shape[0] + GAP)
        for left in range(0, sheet.shape[1], shape[1] + GAP)
    ]


def test_eight_pictures_of_one_field():
    image = np.random.default_rng(0).integers(0, 255, (100, 140, 3), np.uint8)
    sheet = contact_sheet(image, AugmentOptions(elastic=8), seed=3)
    cells = cells_of(sheet, image.shape)
    assert len(cells) == 2 * COLUMNS
    np.testing.assert_array_equal(cells[0], image)
    inked = (cells[1] == INK).all(axis=-1)
    np.testing.assert_array_equal(cells[1][~inked], image[~inked])
    assert all((a != b).any() for a, b in pairwise(cells))
    np.testing.assert_array_equal(sheet, contact_sheet(image, AugmentOptions(elastic=8), seed=3))
    assert (sheet != contact_sheet(image, AugmentOptions(elastic=8), seed=4)).any()


def test_without_deformation_all_are_alike():
    image = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
    cells = cells_of(contact_sheet(image, AugmentOptions(elastic=0), seed=0), image.shape)
    for cell in cells[2:]:
        np.testing.assert_array_equal(cell, cells[1])


def test_as_bright_as_it_is_shown():
    grey = np.array([[0, 100], [200, 400]], np.uint16)
    np.testing.assert_array_equal(as_seen(grey, 100, 300)[..., 0], [[0, 0], [128, 255]])
    colour = np.zeros((2, 2, 4), np.uint8)
    colour[..., 1] = 255
    np.testing.assert_array_equal(as_seen(colour, 0, 255), colour[..., :3])


def test_the_middle_of_a_large_field():
    assert middle((slice(0, 1000), slice(10, 50))) == (slice(214, 214 + LARGEST), slice(10, 50))


def test_settings_as_a_command():
    words = shlex.split(weights_command(Path("/data/my cells.tif"), WeightOptions(w0=12.5, where="everywhere")))
    assert words[:5] == ["cellseg", "weights", "/data/my cells.tif", "--out", "/data/my cells-weights.tif"]
    assert words[5:] == ["--w0", "12.5", "--sigma", "5", "--balance", "dataset", "--where", "everywhere"]
    words = shlex.split(train_command(WeightOptions(), AugmentOptions(elastic=20, grid=4)))
    assert words[8:] == ["--w0", "10", "--sigma", "5", "--elastic", "20", "--grid", "4"]


def test_an_option_as_a_form_shows_it():
    weights, alone = described(WeightOptions), described(WeightsAlone)
    sigma = weights["sigma"]
    assert (sigma.default, sigma.limits.low, sigma.limits.high, sigma.flag) == (5.0, 0.1, 100, "--sigma")
    assert "pixels" in sigma.help
    assert weights["balance"].choices == ("none", "image", "dataset")
    assert alone["balance"].default != weights["balance"].default
    assert alone["w0"].help == weights["w0"].help


def test_the_labels_file_is_named_only_where_it_shows_the_labels(tmp_path):
    values = np.zeros((20, 30), np.uint16)
    values[4:9, 4:9] = 3
    cellseg.write_stack(tmp_path / "cells.tif", values, "YX")
    labels = Labels(values.copy(), metadata={"cellseg": {"file": str(tmp_path / "cells.tif")}})
    assert label_file(labels) == tmp_path / "cells.tif"
    labels.data[12, 12] = 4  # painted in the window since
    assert label_file(labels) is None
    labels.data[12, 12] = 0
    assert label_file(labels) == tmp_path / "cells.tif"
    labels.metadata["cellseg"]["what"] = "annotation"
    assert label_file(labels) is None
    assert label_file(Labels(values)) is None

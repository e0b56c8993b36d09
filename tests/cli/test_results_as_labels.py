"""Results of `cellseg predict` given where labels or probabilities are wanted: each is taken for what it holds."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.images.layout import ResultLayout
from cellseg.images.write import write_tiled

from .conftest import assert_refused

KINDS = {"p": ("probabilities", np.uint8), "u": ("uncertainty", np.float32), "c": ("classes", np.uint8)}
ONES = np.zeros((24, 24), np.uint8)
ONES[2:10, 2:10] = ONES[14:22, 14:22] = 1
"""Two cells."""
CLASSES = np.where(np.arange(24) > 12, 2 * ONES, ONES)
"""One of each class, both large, as cell numbers have them."""


def write(path, values, holds):
    """A file as `cellseg predict` marks it."""
    layout = ResultLayout(height=24, width=24, dtype=values.dtype, mark="model-options-image", holds=holds)
    write_tiled(path, layout, iter([values]))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An image, cells, and results that `cellseg predict` itself wrote: 8-bit probabilities and classes."""
    folder = tmp_path_factory.mktemp("results")
    pixels = (np.random.default_rng(0).random((24, 24)) * 255).astype(np.uint8)
    tifffile.imwrite(folder / "i.tif", pixels)
    tifffile.imwrite(folder / "cells.tif", (ONES * np.array([[1] * 12 + [2] * 12])).astype(np.uint16))
    write(folder / "classes.tif", CLASSES, "classes")
    write(folder / "sure.tif", ONES * 0, "uncertainty")
    torch.manual_seed(0)
    model = cellseg.build("unet", base=2, depth=1)
    cellseg.save(model, folder / "m.safetensors")
    return folder


@pytest.fixture(params=["p.tif", "p.ome.zarr"])
def probabilities(cellseg_cli, files, request):
    words = ("--result", "probabilities", "--probability-type", "uint8", "--overwrite", "--uncertainty", "entropy")
    assert (
        cellseg_cli("predict", files / "m.safetensors", files / "i.tif", "--out", files / request.param, *words).code
        == 0
    )
    return files / request.param


def test_probabilities_are_no_labels(cellseg_cli, files, probabilities):
    out = files / "o.csv"
    for words in (
        ("measure", probabilities, "--out", out),
        ("convert", probabilities, "--out", files / "o.geojson"),
        ("check", files / "i.tif", probabilities),
        ("evaluate", files / "cells.tif", probabilities),
        ("weights", probabilities, "--out", files / "w.tif"),
        ("train", "--images", files / "i.tif", "--labels", probabilities, "--out", files / "run"),
    ):
        assert_refused(cellseg_cli(*words), probabilities.name, "holds probabilities of cellseg predict", "no labels")
    assert not out.exists()
    with pytest.raises(cellseg.InputError, match="no labels"):
        cellseg.label_values(cellseg.open_labels(probabilities), 0)


def test_probabilities_are_scored_as_such(cellseg_cli, files, probabilities):
    done = cellseg_cli("evaluate", probabilities, files / "cells.tif")
    assert done.code == 0
    assert "the prediction is probabilities" in done.err + done.out


def test_uncertainties_are_neither_labels_nor_probabilities(cellseg_cli, files, probabilities):
    for unsure in (files / "p-uncertainty.tif", files / "sure.tif"):
        assert_refused(cellseg_cli("measure", unsure, "--out", files / "o.csv"), unsure.name, "holds uncertainties")
        assert_refused(cellseg_cli("evaluate", unsure, files / "cells.tif"), unsure.name, "holds uncertainties")
        assert_refused(cellseg_cli("tune", unsure, files / "cells.tif"), unsure.name, "holds uncertainties")


def test_cells_and_classes_are_no_probabilities(cellseg_cli, files):
    cells = write(files / "found.tif", ONES.astype(np.uint32), "instances")
    for result, said in ((cells, "holds cell numbers"), (files / "classes.tif", "holds classes")):
        done = cellseg_cli("evaluate", result, files / "cells.tif", "--threshold", "0.5")
        assert_refused(done, result.name, said, "no probabilities")
    assert_refused(cellseg_cli("tune", files / "classes.tif", files / "cells.tif"), "holds classes")


def test_a_class_image_holds_classes_also_where_each_is_one_cell(cellseg_cli, files):
    done = cellseg_cli("measure", files / "classes.tif", "--out", files / "c.csv")
    assert "the labels are classes" in done.err
    done = cellseg_cli("convert", files / "classes.tif", "--out", files / "c.geojson")
    assert "the labels are classes" in done.err
    assert "labels are classes" in cellseg_cli("check", files / "i.tif", files / "classes.tif").out
    done = cellseg_cli("measure", files / "classes.tif", "--out", files / "c.csv", "--labels-are", "instances")
    assert "the labels are cell numbers" in done.err


def test_a_class_image_keeps_its_only_class(cellseg_cli, files):
    """Class 2 alone is not the class 1 that a mask would have."""
    found = write(files / "second.tif", 2 * ONES, "classes")
    done = cellseg_cli("evaluate", found, files / "classes.tif")
    assert done.code == 0
    assert "the prediction is classes, the truth classes" in done.err + done.out
    single = write(files / "first.tif", ONES, "classes")
    assert "a mask of cells" in cellseg_cli("measure", single, "--out", files / "c.csv").err

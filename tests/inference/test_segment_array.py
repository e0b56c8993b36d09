"""Python gives the cells that the command line writes."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch
from scipy import ndimage

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference.segment import segment
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions

IMAGE = ndimage.gaussian_filter(np.random.default_rng(0).random((180, 230)), 4).astype(np.float32)


def network(classes=2, **card):
    torch.manual_seed(0)
    made = as_model(cellseg.build("unet", base=4, depth=2, norm="batch", classes=classes))
    return replace(made, card=replace(made.card, diameter=20.0, **card))


@pytest.fixture(scope="module")
def cut():
    """Low and high probabilities of the network's."""
    low, high = np.quantile(cellseg.predict_array(network(), IMAGE)[1], [0.4, 0.7])
    return {"threshold": float(low), "core": float(high)}


@pytest.mark.parametrize(
    ("card", "options"),
    [
        ({}, {}),
        ({"grow": 2, "minimum_size": 16}, {}),
        ({"core": 0.0, "split": 9.0, "fill_holes": 20}, {}),
        ({"grow": 2, "minimum_size": 40}, {"diameter": 13.0}),
        ({"scale": 0.7, "grow": 1}, {}),
        ({}, {"average": "dihedral8", "invert": True}),
        ({"minimum_size": 10}, {"minimum_size": 30, "split": "watershed"}),
    ],
    ids=["cores", "growth", "splitting", "other size", "rescaled", "averaged", "options first"],
)
def test_it_is_what_the_command_writes(card, options, cut, tmp_path):
    model = network(**{**cut, **card})
    tifffile.imwrite(tmp_path / "image.tif", IMAGE)
    out = tmp_path / "cells.tif"
    list(segment(model, open_image(tmp_path / "image.tif"), out, PredictOptions(**options)))
    cells = cellseg.segment_array(model, IMAGE, **options)
    assert cells.dtype == np.uint32
    assert cells.max() > 2
    np.testing.assert_array_equal(cells, tifffile.imread(out))


def test_of_several_classes_all_but_the_first_are_cells(tmp_path):
    model = network(classes=3)
    tifffile.imwrite(tmp_path / "image.tif", IMAGE)
    list(segment(model, open_image(tmp_path / "image.tif"), tmp_path / "cells.tif", PredictOptions()))
    cells = cellseg.segment_array(model, IMAGE)
    assert 0 < np.mean(cells > 0) < 1
    np.testing.assert_array_equal(cells, tifffile.imread(tmp_path / "cells.tif"))


def test_what_it_cannot_give_is_refused():
    with pytest.raises(InputError, match="predict_array"):
        cellseg.segment_array(network(), IMAGE, result="probabilities")
    with pytest.raises(InputError, match="shape"):
        cellseg.segment_array(network(), np.zeros((2, 2, 3, 3)))
    with pytest.raises(InputError, match="plane by plane"):
        cellseg.segment_array(network(), np.stack([IMAGE, IMAGE]))

"""Width of the objects in an image, measured in a first look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch
from torch import nn

import cellseg
from cellseg.errors import InputError
from cellseg.images.grey_values import grey_rule
from cellseg.images.open import open_image
from cellseg.images.source import array_source
from cellseg.inference.object_size import measured_diameter
from cellseg.inference.seen import seen_by
from cellseg.inference.segment import segment
from cellseg.models.trained import as_model
from cellseg.options import MEASURED, PredictOptions

LEARNT = 24.0


class Bright(nn.Module):
    """A network of two classes to which what is bright is a cell, at any size."""

    def __init__(self, like):
        super().__init__()
        self.geometry, self.options = like.geometry, like.options
        self.head = nn.Conv2d(1, 2, 1, bias=False)
        self.head.weight.data = torch.tensor([-8.0, 8.0]).view(2, 1, 1, 1)

    def forward(self, x):
        margin = self.geometry.margin
        return self.head(x[..., margin : x.shape[-2] - margin, margin : x.shape[-1] - margin])


@pytest.fixture(scope="module")
def model():
    made = as_model(Bright(cellseg.build("unet", base=2, depth=2, norm="none")))
    return replace(made, card=replace(made.card, grey_values="contrast", statistics="fixed", diameter=LEARNT))


def discs(diameter, side=600):
    """Discs of a diameter on a grid, with a little noise."""
    step = max(2 * diameter, 16)
    y, x = np.mgrid[:side, :side] % step - step / 2
    image = 1000 + 2000 * (np.hypot(y, x) <= diameter / 2)
    return (image + np.random.default_rng(0).normal(0, 20, image.shape)).astype(np.uint16)


def measured(model, image):
    return measured_diameter(model, array_source(image), grey_rule("contrast"), False)


@pytest.mark.parametrize("diameter", [14, 24, 44])
def test_objects_about_as_wide_as_in_the_training_stay(model, diameter):
    assert measured(model, discs(diameter)) is None


@pytest.mark.parametrize("diameter", [6, 9, 60, 100])
def test_others_are_measured(model, diameter):
    assert measured(model, discs(diameter)) == pytest.approx(diameter, rel=0.15)


@pytest.mark.parametrize("image", [np.full((300, 300), 7, np.uint8), np.zeros((5, 9), np.uint8)], ids=["flat", "tiny"])
def test_without_objects_nothing_is_rescaled(model, image):
    assert measured(model, image) is None


def test_a_large_plane_is_not_read_as_a_whole(model):
    source = array_source(np.tile(discs(60), (5, 5)))
    read = []

    class Counting:
        block = source.pixels.block

        def read(self, sheet, rows, columns):
            read.append((rows.stop - rows.start) * (columns.stop - columns.start))
            return source.pixels.read(sheet, rows, columns)

    found = measured_diameter(model, replace(source, pixels=Counting()), grey_rule("0,4000"), False)
    assert found == pytest.approx(60, rel=0.15)
    assert max(read) <= 2**22


def test_every_door_measures(model, tmp_path):
    image = discs(60, 300)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="minisblack")
    wanted = seen_by(model, array_source(image), PredictOptions(diameter="auto")).options.diameter
    assert wanted == pytest.approx(60, rel=0.1)
    told = cellseg.segment_array(model, image, diameter=wanted)
    np.testing.assert_array_equal(cellseg.segment_array(model, image, diameter="auto"), told)
    for options, asked in ((PredictOptions(diameter="auto"), model), (PredictOptions(), wants(model))):
        list(segment(asked, open_image(tmp_path / "a.tif"), tmp_path / "b.tif", options))
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), told)
    np.testing.assert_array_equal(cellseg.segment_array(wants(model), image, diameter=wanted), told)


def wants(model):
    """A model that asks for a measurement by itself."""
    return replace(model, card=replace(model.card, sizes="measured"))


def test_the_word_is_a_value_of_its_own():
    assert PredictOptions(diameter="auto").diameter == MEASURED
    assert PredictOptions(diameter=MEASURED).diameter == MEASURED
    assert PredictOptions().diameter is None
    with pytest.raises(InputError, match=r"0\.5 to"):
        PredictOptions(diameter=0.1)


def test_a_model_that_does_not_know_its_objects(model):
    blind = replace(model, card=replace(model.card, diameter=0.0))
    with pytest.raises(InputError, match="--diameter is auto"):
        cellseg.predict_array(blind, discs(9), diameter="auto")

"""Objects of another size: the network sees them as in the training, and the result has the image's own pixels."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.rescale import rescaled
from cellseg.images.source import array_source
from cellseg.inference.scale import at_own_size
from cellseg.inference.segment import segment
from cellseg.inference.verify import verify_seams
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    made = as_model(cellseg.build("unet", base=4, depth=2, norm="batch"))
    return replace(made, card=replace(made.card, diameter=20.0, grow=2, minimum_size=16))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "image.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (330, 410)).astype(np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


def run(model, image, out, **options):
    list(segment(model, open_image(image), out, PredictOptions(**options)))
    return tifffile.imread(out)


@pytest.mark.parametrize("diameter", [10, 33.3], ids=["enlarged", "made smaller"])
def test_tiles_leave_no_trace_and_all_results_agree(model, image, tmp_path, diameter):
    pixels = tifffile.imread(image)
    size = (round(330 * 20 / diameter), round(410 * 20 / diameter))
    seen = rescaled(array_source(pixels), *size).read(0)[0]
    back = rescaled(array_source(cellseg.predict_array(model, seen), axes="CYX"), 330, 410).read(0)
    found = {
        tile: run(model, image, tmp_path / f"{tile}.tif", result="probabilities", diameter=diameter, tile=tile)
        for tile in (64, 200)
    }
    for p in found.values():
        np.testing.assert_allclose(p, back[1], atol=1e-5)
    np.testing.assert_allclose(cellseg.predict_array(model, pixels, diameter=diameter), back, atol=1e-5)
    threshold = float(np.quantile(back[1], 0.6))
    options = {"diameter": diameter, "threshold": threshold, "tile": 200}
    mask = run(model, image, tmp_path / "mask.tif", result="classes", **options)
    np.testing.assert_array_equal(mask, found[200] >= threshold)
    card = at_own_size(model, PredictOptions(diameter=diameter)).card
    cells = run(model, image, tmp_path / "cells.tif", **options)
    np.testing.assert_array_equal(cells, cellseg.label_instances(mask > 0, card.minimum_size, card.grow))
    assert cells.max() > 3
    assert max(verify_seams(model, open_image(image), 3, PredictOptions(diameter=diameter, tile=64))) < 1e-5


def test_the_cut_is_in_the_images_own_pixels(model):
    half = at_own_size(model, PredictOptions(diameter=40)).card
    assert (half.grow, half.minimum_size) == (4, 64)
    assert at_own_size(model, PredictOptions()) is model


def test_a_model_of_rescaled_images_rescales_by_itself(model, image, tmp_path):
    scaled = replace(model, card=replace(model.card, scale=0.5))
    pixels = tifffile.imread(image)
    np.testing.assert_array_equal(
        cellseg.predict_array(scaled, pixels), cellseg.predict_array(model, pixels, diameter=40)
    )
    np.testing.assert_array_equal(
        cellseg.predict_array(scaled, pixels, diameter=30), cellseg.predict_array(model, pixels, diameter=30)
    )
    own = at_own_size(scaled, PredictOptions()).card
    assert (own.grow, own.minimum_size) == (4, 64)
    options = {"result": "probabilities", "tile": 64}
    found = run(scaled, image, tmp_path / "scaled.tif", **options)
    np.testing.assert_array_equal(found, run(model, image, tmp_path / "asked.tif", diameter=40, **options))
    with pytest.raises(InputError, match="rescaled"):
        cellseg.predict(scaled, pixels)


def test_uncertainty_and_bytes_are_brought_back_too(model, image, tmp_path):
    options = {"result": "probabilities", "probability_type": "uint8", "diameter": 33.3}
    found = run(model, image, tmp_path / "p.tif", uncertainty="entropy", **options)
    assert (found.dtype, found.shape) == (np.uint8, (330, 410))
    bits = tifffile.imread(tmp_path / "p-uncertainty.tif")
    assert (bits.dtype, bits.shape) == (np.float32, (330, 410))
    assert 0 < bits.max() <= 1.0001


def test_a_size_that_cannot_be_is_refused(model, image, tmp_path):
    unknowing = replace(model, card=replace(model.card, diameter=0.0))
    with pytest.raises(InputError, match="does not say how large"):
        run(unknowing, image, tmp_path / "o.tif", diameter=10)
    with pytest.raises(InputError, match="--diameter is 500"):
        run(model, image, tmp_path / "o.tif", diameter=500)
    with pytest.raises(InputError, match="predict_array"):
        cellseg.predict(model, np.zeros((20, 20), np.uint8), diameter=10)
    assert not list(tmp_path.iterdir())


def test_an_inverted_image_is_predicted_as_its_negative(model):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 100)).astype(np.uint8)
    negative = cellseg.predict_array(model, 255 - pixels)
    np.testing.assert_allclose(cellseg.predict_array(model, pixels, invert=True), negative, atol=1e-5)

"""Statistics of normalisation layers are held for the second half of a training, and in prediction."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.models.trained import TrainedModel
from cellseg.training.recipes import settings_for
from cellseg.training.settling import settle

SMALL = {"base": 4, "depth": 1, "tile": 32, "batch": 1, "validation": 0, "save_every": 0}


def network():
    return cellseg.build("unet", base=4, depth=1, norm="batch", dropout=0.0)


def layers(of):
    return [layer for layer in of.modules() if isinstance(layer, torch.nn.BatchNorm2d)]


@pytest.mark.parametrize(
    ("step", "known", "learns"), [(0, False, True), (4, False, True), (5, False, False), (0, True, False)]
)
def test_held_for_the_second_half(step, known, learns):
    made = network().train()
    settle(made, step, settings_for(steps=10).train, known=known)
    assert {layer.training for layer in layers(made)} == {learns}


def test_of_the_image_as_in_earlier_versions():
    made = network().train()
    settle(made, 9, settings_for(steps=10, statistics="image").train, known=False)
    assert all(layer.training and layer.momentum == 0.1 for layer in layers(made))


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    image = rng.normal(100, 5, (64, 64)).astype(np.float32)
    labels = np.zeros((64, 64), np.uint8)
    labels[10:25, 10:25], labels[35:55, 30:60] = 1, 2
    image[labels > 0] += 100
    *_, last = cellseg.train([image], [labels], steps=6, validate_every=6, **SMALL)
    return last.model


def test_a_pixel_does_not_depend_on_what_lies_far_away(trained):
    """Fixed statistics and numbers as levels: a change changes nothing beyond the receptive field, to the last bit."""
    assert (trained.card.statistics, trained.card.grey_values) == ("fixed", "contrast")
    image = np.random.default_rng(1).normal(100, 20, (120, 200)).astype(np.float32)
    changed = image.copy()
    changed[:, 150:] = 1000
    one, other = (cellseg.predict_array(trained, each, grey_values="50,250") for each in (image, changed))
    reach = trained.network.geometry.margin
    np.testing.assert_array_equal(one[:, :, : 150 - reach], other[:, :, : 150 - reach])
    assert np.abs(one[:, :, 150:] - other[:, :, 150:]).max() > 0


def test_the_statistics_stand_in_the_weights(trained, tmp_path):
    cellseg.save(trained, tmp_path / "a.safetensors")
    image = np.random.default_rng(1).normal(100, 20, (90, 70))
    np.testing.assert_array_equal(
        cellseg.predict_array(cellseg.load(tmp_path / "a.safetensors"), image), cellseg.predict_array(trained, image)
    )
    other = TrainedModel(copy.deepcopy(trained.network), trained.card)
    layers(other.network)[0].running_mean += 1
    assert np.abs(cellseg.predict_array(other, image) - cellseg.predict_array(trained, image)).max() > 1e-3


@pytest.mark.parametrize("value", [0, 1234.5])
def test_a_constant_image_has_no_cells(trained, value):
    image = np.full((80, 90), value, np.float32)
    image[40, 40] = 1e6
    assert not cellseg.segment_array(trained, image, threshold=1e-6, core=0.0).any()


def test_going_on_keeps_grey_values_and_statistics(trained):
    rng = np.random.default_rng(3)
    images, labels = [rng.normal(100, 9, (50, 50))], [np.tri(50, dtype=np.uint8)]
    *_, last = cellseg.train(images, labels, start=trained, steps=2, validate_every=2, tile=16, validation=0)
    before, after = (layers(model.network)[0].running_mean for model in (trained, last.model))
    assert torch.equal(before, after)
    with pytest.raises(InputError, match="--grey-values is mean, the model's is contrast"):
        list(cellseg.train(images, labels, start=trained, grey_values="mean"))


@pytest.mark.parametrize(("asked", "message"), [("mean", "has learnt from contrast"), ("9,1", "second number")])
def test_other_grey_values_are_refused(trained, asked, message):
    with pytest.raises(InputError, match=message):
        cellseg.predict_array(trained, np.eye(64), grey_values=asked)


def test_numbers_do_not_suit_a_model_of_the_mean(trained):
    of_the_mean = TrainedModel(trained.network, replace(trained.card, grey_values="mean"))
    with pytest.raises(InputError, match="has learnt from mean"):
        cellseg.predict_array(of_the_mean, np.eye(64), grey_values="1,9")

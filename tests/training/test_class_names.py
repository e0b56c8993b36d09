"""Classes have the names that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

import cellseg
from cellseg.errors import InputError
from cellseg.models.card import ModelCard
from cellseg.training.class_names import class_names

CARD = ModelCard(name="unet", options={}, class_names=("background", "neuron", "glia"))


@pytest.mark.parametrize(
    ("asked", "classes", "card", "names"),
    [
        (None, 2, None, "background cell"),
        (None, 3, None, "background 1 2"),
        ("neuron, glia", 3, None, "background neuron glia"),
        ("neuron,glia", 3, CARD, "background neuron glia"),
        (None, 3, CARD, "background neuron glia"),
    ],
)
def test_names(asked, classes, card, names):
    assert class_names(asked, classes, card) == tuple(names.split())


@pytest.mark.parametrize(
    ("asked", "card", "found"),
    [
        ("neuron", None, "names 1 classes, the labels have 2"),
        ("neuron,neuron", None, "--class-names is neuron,neuron"),
        ("neu\nron,glia", None, r"is 'neu\\nron,glia'. Names have"),
        ("neuron,", None, "--class-names is neuron,"),
        ("a,b", CARD, "the classes of the model of --from are neuron,glia"),
    ],
)
def test_other_names_are_refused(asked, card, found):
    with pytest.raises(InputError, match=found):
        class_names(asked, 3, card)


def test_a_model_knows_its_classes(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    labels = np.zeros((64, 64), np.uint8)
    labels[4:20, 4:20], labels[30:50, 30:50] = 1, 2
    options = {"steps": 1, "base": 4, "depth": 2, "tile": 36, "validation": 0, "labels_are": "classes"}
    last = [*cellseg.train(image, labels, class_names="neuron,glia", **options)][-1]
    assert last.model.card.class_names == ("background", "neuron", "glia")
    with pytest.raises(InputError, match="names 1 classes"):
        next(cellseg.train(image, labels, class_names="neuron", **options))
    assert last.model.card.labels_are == "classes"

"""Objects that are wider than what the network sees: images are learnt from, and predicted, rescaled."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.errors import InputError
from cellseg.labels.pairs import find_pairs
from cellseg.models.trained import as_model
from cellseg.options import LabelOptions
from cellseg.training.data import median_diameter, read_training_set
from cellseg.training.events import Finished
from cellseg.training.object_size import magnifier, seen_diameter
from cellseg.training.recipes import settings_for

DIAMETER = 100


@pytest.fixture
def discs(tmp_path):
    """Two images with four bright discs each."""
    y, x = np.mgrid[:300, :320]
    labels = np.zeros((300, 320), np.uint16)
    for number, (row, column) in enumerate(((75, 80), (75, 240), (225, 80), (225, 240)), 1):
        labels[(y - row) ** 2 + (x - column) ** 2 < (DIAMETER / 2) ** 2] = number
    noise = np.random.default_rng(0).normal(0, 10, (2, 300, 320))
    images = (100 + 80 * (labels > 0) + noise).astype(np.uint8)
    for name, stack in (("images", images), ("labels", np.stack([labels] * 2))):
        tifffile.imwrite(tmp_path / f"{name}.tif", stack, photometric="minisblack")
    return tmp_path / "images.tif", tmp_path / "labels.tif"


def read(paths, **options):
    settings = settings_for(**options)
    return read_training_set(find_pairs(*paths), LabelOptions(), 0, magnifier(settings))


def test_objects_wider_than_the_field_become_as_wide_as_the_margin(discs):
    data = read(discs)  # depth 3, margin 44: a network that sees 88 pixels
    assert data.scale == pytest.approx(0.44, rel=0.01)
    assert data.training[0].truth.classes.shape == data.training[0].image.shape[1:] == (132, 141)
    assert median_diameter(data) == pytest.approx(44, rel=0.05)
    assert len(np.unique(data.training[0].truth.instances)) == 5
    assert -2.5 < float(np.median(data.training[0].image)) < -1.4  # ground, in the grey values of the network
    assert read(discs, depth=4).scale == 1  # margin 92
    assert read(discs, seen_diameter=0).scale == 1
    assert read(discs, seen_diameter=50).scale == pytest.approx(0.5, rel=0.01)


def test_a_width_that_is_given_takes_precedence_over_the_measured_one(discs):
    assert read(discs, diameter=200, seen_diameter=50).scale == 0.25
    assert read(discs, diameter=60).scale == 1  # as if they were no wider than what the network sees
    assert seen_diameter(read(discs, diameter=200, seen_diameter=50), settings_for(diameter=200)) == 50
    assert magnifier(settings_for(diameter=40, seen_diameter=20))(0.0) == 0.5  # classes, of which nothing is measured


def test_a_model_that_is_gone_on_from_decides(discs):
    card = replace(as_model(cellseg.build("unet", base=1, depth=1)).card, scale=0.25)
    data = read_training_set(find_pairs(*discs), LabelOptions(), 0, magnifier(settings_for(), card))
    assert data.scale == 0.25


def test_sizes_that_cannot_be(discs):
    with pytest.raises(InputError, match="--seen-diameter is 3"):
        read(discs, seen_diameter=3)
    classes = magnifier(settings_for(seen_diameter=20))
    with pytest.raises(InputError, match="number no cells"):
        classes(0.0)


def test_the_model_is_used_on_images_as_they_are(discs):
    options = {"base": 4, "depth": 2, "tile": 60, "batch": 2, "steps": 60, "validation": 1, "validate_every": 60}
    *_, last = cellseg.train(*discs, seen_diameter=25, rate=1e-2, **options)
    assert isinstance(last, Finished)
    card = last.model.card
    assert card.scale == pytest.approx(0.25, rel=0.01)
    assert card.diameter == pytest.approx(25, rel=0.05)
    image, truth = (tifffile.imread(path)[0] for path in discs)
    found = cellseg.predict_array(last.model, image)[1] >= card.threshold
    assert found.shape == truth.shape
    assert cellseg.metrics.iou(found, truth > 0) > 0.8

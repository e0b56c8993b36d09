"""A cut is normalised as the plane that it was cut from."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images.contrast import measure_levels
from cellseg.images.cutout import cut_out, noted_greys
from cellseg.images.grey_values import grey_rule
from cellseg.images.normalise import measure
from cellseg.images.open import open_image
from cellseg.images.source import array_source

CONTRAST, MEAN = grey_rule("contrast"), grey_rule("mean")


@pytest.fixture
def two_planes():
    array = np.random.default_rng(3).integers(0, 255, (2, 3, 40, 50), np.uint8)
    array[:, :, :, 25:] //= 3  # the halves differ
    return array_source(array, axes="ZCYX")


def test_pixels_and_statistics(two_planes, tmp_path):
    cuts = {tmp_path / "a.tif": (slice(2, 20), slice(0, 30)), tmp_path / "b.tif": (slice(0, 5), slice(40, 50))}
    cut_out(two_planes, 1, cuts)
    for path, region in cuts.items():
        cut = open_image(path)
        np.testing.assert_array_equal(cut.read(0), two_planes.read(1, *region))
        assert noted_greys(cut, MEAN) == measure(two_planes, 1) != measure(cut, 0)
        assert noted_greys(cut, CONTRAST) == measure_levels(two_planes, 1) != measure_levels(cut, 0)
        assert noted_greys(cut, grey_rule("0,9")) is None


def test_a_single_channel(tmp_path):
    cut_out(array_source(np.eye(20)), 0, {tmp_path / "a.tif": (slice(0, 4), slice(0, 3))})
    assert open_image(tmp_path / "a.tif").channels == 1


def test_other_images_are_measured(two_planes, tmp_path):
    cut_out(two_planes, 0, {tmp_path / "a.tif": (slice(0, 5), slice(0, 5))})
    (tmp_path / "a.tif.json").write_text(json.dumps({"of": "another program"}))
    assert noted_greys(open_image(tmp_path / "a.tif"), MEAN) is None
    assert noted_greys(two_planes, CONTRAST) is None


def test_a_note_of_an_earlier_version(two_planes, tmp_path):
    cut_out(two_planes, 0, {tmp_path / "a.tif": (slice(0, 5), slice(0, 5))})
    note = json.loads((tmp_path / "a.tif.json").read_text())
    del note["levels"]
    (tmp_path / "a.tif.json").write_text(json.dumps(note))
    assert noted_greys(open_image(tmp_path / "a.tif"), CONTRAST) is None
    assert noted_greys(open_image(tmp_path / "a.tif"), MEAN) == measure(two_planes, 0)


@pytest.mark.parametrize("note", ["{", '{"cut_from": "x", "mean": [1]}', '{"cut_from": "x", "mean": 1, "std": 2}'])
def test_a_damaged_note(note, two_planes, tmp_path):
    cut_out(two_planes, 0, {tmp_path / "a.tif": (slice(0, 5), slice(0, 5))})
    (tmp_path / "a.tif.json").write_text(note)
    with pytest.raises(InputError, match=r"a\.tif\.json: is damaged"):
        noted_greys(open_image(tmp_path / "a.tif"), MEAN)

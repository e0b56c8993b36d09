"""Where cells fill the images `fast` draws four samples a step, and as many in all."""

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.options import DataOptions
from cellseg.samples.sample import make_sample
from cellseg.training.begin import RunRequest, prepare


@pytest.fixture(params=["em", "blobs"])
def pair(request, tmp_path):
    """Options of images and labels that cells fill (em), or do not."""
    image, labels = make_sample(request.param, (160, 160), np.random.default_rng(3))
    for name, content in (("image", image), ("labels", labels)):
        tifffile.imwrite(tmp_path / f"{name}.tif", content)
    return request.param, DataOptions(images=str(tmp_path / "image.tif"), labels=str(tmp_path / "labels.tif"))


def prepared(where, tmp_path, **options):
    plain = {"precision": "float32", "validation": 0}  # on no machine is another network measured
    return prepare(RunRequest(where, {**plain, **options}, out=tmp_path / "run"))


def of(ready):
    return ready.settings.train.steps, ready.settings.train.batch, ready.settings.train.validate_every


def test_cells_that_fill_the_images_have_four_samples_a_step(pair, tmp_path):
    kind, where = pair
    ready, folder = prepared(where, tmp_path)
    assert of(ready) == ((1000, 4, 250) if kind == "em" else (4000, 1, 1000))
    assert any("cells fill the images" in note for note in ready.notes) == (kind == "em")
    again, _ = prepare(RunRequest(where, {}, out=folder.path, resume=True))
    assert of(again) == of(ready), "a run that is gone on with stays as it was"


@pytest.mark.parametrize("options", [{"steps": 7}, {"batch": 1}, {"recipe": "quick"}], ids=str)
def test_what_is_asked_for_stays(pair, tmp_path, options):
    ready, _ = prepared(pair[1], tmp_path, **options)
    usual = cellseg.settings_for(**options).train
    assert of(ready)[:2] == (usual.steps, usual.batch)

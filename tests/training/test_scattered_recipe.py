"""Cells with background between them: `fast` holds statistics for the last tenth of the steps."""

import numpy as np
import pytest

import cellseg
from cellseg.options import DataOptions
from cellseg.samples.sample import make_sample
from cellseg.training.begin import RunRequest, prepare
from cellseg.training.recipes import settings_for
from cellseg.training.settling import empty_from


@pytest.fixture(scope="module")
def blobs():
    return make_sample("blobs", (160, 160), np.random.default_rng(3))


def hold_of(pair, tmp_path, **options):
    for name, content in zip(("image", "labels"), pair, strict=True):
        cellseg.write_stack(tmp_path / f"{name}.tif", content, "YX")
    where = DataOptions(images=str(tmp_path / "image.tif"), labels=str(tmp_path / "labels.tif"))
    request = RunRequest(where, {"precision": "float32", "validation": 0, **options}, out=tmp_path / "run")
    ready, folder = prepare(request)
    again, _ = prepare(RunRequest(where, {}, out=folder.path, resume=True))
    assert again.settings == ready.settings, "a run that is gone on with stays as it was"
    return ready.settings.train.hold


@pytest.mark.parametrize(
    ("options", "hold"),
    [({}, 0.9), ({"steps": 7}, 0.9), ({"hold": 0.3}, 0.3), ({"recipe": "quick"}, 0.5), ({"statistics": "image"}, 0.5)],
    ids=str,
)
def test_held_late_unless_asked_for(blobs, tmp_path, options, hold):
    assert hold_of(blobs, tmp_path, **options) == hold


def test_held_for_the_second_half_where_cells_fill_the_images(tmp_path):
    assert hold_of(make_sample("em", (160, 160), np.random.default_rng(3)), tmp_path) == 0.5


def test_held_for_the_second_half_where_classes_are_told_apart(blobs, tmp_path):
    image, labels = blobs
    classes = np.where(labels % 2 == 1, 1, np.where(labels > 0, 2, 0)).astype(np.uint8)
    assert hold_of((image, classes), tmp_path, labels_are="classes") == 0.5


def test_held_for_the_second_half_where_cells_are_strokes(blobs, tmp_path):
    """Nobody knows what lies beside them."""
    image, labels = blobs
    strokes = np.full(labels.shape, 255, np.uint8)
    strokes[::8] = labels[::8]
    assert hold_of((image, strokes), tmp_path, labels_are="instances", ignore_label=255) == 0.5


@pytest.mark.parametrize(("hold", "known", "first"), [(0.9, False, 5), (0.3, False, 3), (0.9, True, 0)])
def test_some_samples_are_empty_from_the_middle_on(hold, known, first):
    """Or from where statistics are held, if that is before."""
    assert empty_from(settings_for(steps=10, hold=hold).train, known=known) == first

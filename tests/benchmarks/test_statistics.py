"""Where normalisation statistics should come from, on a trained ISBI run. Shown with `pytest -m benchmark -s`.

Set CELLSEG_RUN to the run folder of the README's command and CELLSEG_DATA to the public data sets.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

import cellseg
from cellseg.inference import runner
from cellseg.inference.predict import predict_array
from cellseg.inference.statistics import adapt
from cellseg.labels.pairs import find_pairs
from cellseg.labels.read import kind_of, read_labels
from cellseg.metrics.candidates import THRESHOLDS
from cellseg.options import LabelOptions
from cellseg.training.validate import scores

TRAINING, VALIDATION = (0, 6, 12, 19), (20, 21, 22, 23)

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def run():
    """The model, and pairs of image (H, W) and truth of all sections."""
    folder, data = os.environ.get("CELLSEG_RUN"), os.environ.get("CELLSEG_DATA")
    if not folder or not data:
        pytest.skip("CELLSEG_RUN or CELLSEG_DATA is not set")
    pairs = find_pairs(f"{data}/isbi2012/train-volume.tif", f"{data}/isbi2012/train-labels.tif")
    kind = kind_of([(p.labels, p.label_plane) for p in pairs], LabelOptions())
    truth = [read_labels(p.labels, p.label_plane, kind, LabelOptions()) for p in pairs]
    model = cellseg.load(folder)
    model = replace(model, card=replace(model.card, statistics="image"))
    return model, [p.image.read(p.image_plane)[0] for p in pairs], truth


def frozen(network, batch):
    """The running statistics of the training, as they are."""


@pytest.mark.parametrize(
    ("name", "take", "average"),
    [
        ("running statistics of the training", frozen, "none"),
        ("statistics of the image itself", adapt, "none"),
        ("statistics of the image itself, 8 symmetries", adapt, "dihedral8"),
    ],
)
def test_scores_by_the_source_of_statistics(run, monkeypatch, name, take, average):
    monkeypatch.setattr(runner, "adapt", take)
    model, images, truth = run
    rows = {}
    for k in (*TRAINING, *VALIDATION):
        p = predict_array(model, images[k], average=average)
        found = [scores(p, truth[k], replace(model.card, threshold=t, grow=0)) for t in THRESHOLDS]
        rows[k] = [[one[m] for m in ("v_rand", "v_info", "pixel_error")] for one in found]
    train = np.mean([rows[k] for k in TRAINING], axis=0)
    held = np.mean([rows[k] for k in VALIDATION], axis=0)
    best = int(train[:, 0].argmax())
    print(f"\n{name}: threshold {THRESHOLDS[best]}, best on training sections, V_rand {train[best, 0]:.4f} there")
    print("  sections 20-23: V_rand {:.4f}, V_info {:.4f}, pixel error {:.4f}".format(*held[best]))


def test_statistics_taken_tile_by_tile_break_the_seams(run):
    model, images, _ = run
    whole = predict_array(model, images[20])
    alone = predict_array(model, images[20][:256, :256])
    exact = predict_array(model, images[20], tile=128)
    inner = (slice(None), slice(0, 256 - 44), slice(0, 256 - 44))
    part = np.abs(alone - whole[:, :256, :256])[inner].max()
    print(f"\nlargest difference to the whole image: {part:.3f} for a part with statistics of its own,")
    print(f"{np.abs(exact - whole).max():.1e} for tiles of 128 with the image's")
    assert np.abs(exact - whole).max() < 1e-5

"""A segmentation held against the truth, without any window."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.measure.compare import compare, known_part

from cellseg import InputError
from tests.metrics.drawing import PREDICTION, TRUTH, draw


def test_scores_counts_and_errors():
    found = compare(PREDICTION, TRUTH)
    assert found.counts == {"true": 1, "missed": 1, "invented": 1, "split": 4, "merged": 3}
    assert found.scores["AP at 0.5"] == pytest.approx(1 / 10)
    assert len(found.errors) == 9
    missed = found.errors.values[found.errors["state"] == 2][0]
    assert dict(zip(found.errors.columns, missed, strict=True)) == {
        "state": 2,
        "truth": 3,
        "prediction": 0,
        "iou": 0,
        "area_px": 6,
        "plane": 0,
        "z": 0,
        "y": 0.5,
        "x": 14,
    }
    assert found.states[0, 14] == 2


def test_planes_are_pooled_and_keep_their_number():
    truth, prediction = np.stack([TRUTH, TRUTH]), np.stack([TRUTH, PREDICTION])
    found = compare(prediction, truth, by_plane=True)
    assert set(found.errors["plane"]) == {1}
    assert found.counts["true"] == 6
    assert found.scores["AP at 0.5"] == pytest.approx(6 / 15)
    assert not (found.states[0] > 1).any()


def test_dense_truth_is_scored_as_em_is():
    truth = np.kron(np.array([[1, 2], [3, 4]]), np.ones((4, 4), int))
    assert compare(truth, truth).scores["V_rand"] == pytest.approx(1)
    assert "V_rand" not in compare(np.pad(truth, 4), np.pad(truth, 4)).scores


def test_what_nobody_annotated_counts_neither_way():
    annotation = draw("""
        aaaaaa....
        abbbaa....
        abbbaa....
        aaaaaa....
    """)
    prediction = draw("""
        .........b
        .aaa....bb
        .aaaaaaaaa
        .........d
    """)
    known, truth = known_part(prediction, annotation)
    found = compare(known, truth)
    assert found.counts == {"true": 1, "missed": 0, "invented": 0, "split": 0, "merged": 0}


def test_different_sizes_are_refused():
    with pytest.raises(InputError, match="the prediction is 5 x 16 and the truth 4 x 16"):
        compare(PREDICTION, TRUTH[1:])

"""The figures of others: the ISBI 2012 rule and the Cell Tracking Challenge's own logs."""

from __future__ import annotations

import functools
import json
import operator
import re

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from cellseg.metrics import (
    information_scores,
    overlaps,
    pixel_error,
    rand_error,
    rand_scores,
    seg,
    tally_cells,
    v_rand,
)
from cellseg.metrics.components import instances
from cellseg.metrics.ctc import jaccards


@pytest.mark.parametrize("section", [0, 11])
def test_isbi_2012_scores(real_data, section):
    folder = real_data / "isbi2012"
    wanted = json.loads((folder / "metric_reference.json").read_text())["sections"][str(section)]
    image = tifffile.imread(folder / "train-volume.tif", key=section)
    truth = tifffile.imread(folder / "train-labels.tif", key=section)
    prediction = ndimage.uniform_filter(image.astype(np.float64), 5) >= 105
    rand = rand_scores(prediction, truth)
    found = {
        "n_gt": instances(truth).max(),
        "n_pred": instances(prediction).max(),
        "pixel_error": pixel_error(prediction, truth),
        "rand_precision": rand.precision,
        "rand_recall": rand.recall,
        "V_rand": rand.f,
        "V_info": information_scores(prediction, truth).f,
    }
    assert found == {name: pytest.approx(wanted[name], abs=1e-6) for name in found}
    assert rand_error(prediction, truth) == pytest.approx(1 - rand.f, abs=1e-4)
    assert v_rand(prediction, truth, thin=True) > rand.f


def test_seg_of_every_object_in_the_official_log(real_data):
    folder = real_data / "ctc_eval_reference" / "PSC01_frames000-011"
    log = (folder / "01_RES" / "SEG_log_excerpt.txt").read_text()
    checked = 0
    for frame, text in re.findall(r"-+T=(\d+) Z=0-+\n([^-]*)", log):
        wanted = {int(name): float(value) for name, value in re.findall(r"GT_label=(\d+) J=(\S+)", text)}
        result = tifffile.imread(folder / "01_RES" / f"mask{int(frame):03}.tif")
        truth = tifffile.imread(folder / "01_GT" / "SEG" / f"man_seg{int(frame):03}.tif")
        pairs = overlaps(result, truth)
        found = dict(zip(pairs.truth_ids.tolist(), jaccards(pairs).tolist(), strict=True))
        assert found == pytest.approx(wanted, abs=1e-6)
        assert seg(result, truth) == pytest.approx(np.mean(list(wanted.values())), abs=1e-6)
        checked += len(wanted)
    assert checked == 906


def test_det_of_the_official_log(real_data):
    folder = real_data / "ctc_eval_reference" / "testing_dataset_03"
    tallies = [
        tally_cells(
            tifffile.imread(folder / "03_RES" / f"mask{frame:03}.tif"),
            tifffile.imread(folder / "03_GT" / "TRA" / f"man_track{frame:03}.tif"),
        )
        for frame in range(7)
    ]
    pooled = functools.reduce(operator.add, tallies)
    assert (pooled.det_cost, pooled.det_cost_of_nothing) == (78, 250)
    assert pooled.det == pytest.approx(0.688, abs=1e-3)

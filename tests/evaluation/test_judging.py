"""Scores from Python: of arrays and of files, image by image."""

import numpy as np
import pytest
import tifffile

import cellseg
from tests.metrics.drawing import PREDICTION, TRUTH, draw


def test_arrays_have_the_scores_of_files(tmp_path):
    tifffile.imwrite(tmp_path / "p.tif", PREDICTION.astype(np.uint16))
    tifffile.imwrite(tmp_path / "t.tif", TRUTH.astype(np.uint16))
    (of_files,) = cellseg.evaluate(tmp_path / "p.tif", tmp_path / "t.tif", "f1,v_rand")
    (of_arrays,) = cellseg.evaluate(PREDICTION, TRUTH, ["f1", "v_rand"])
    assert (of_files.name, of_arrays.name) == ("p.tif", "prediction")
    assert of_files.values == of_arrays.values
    assert list(of_arrays.values) == ["f1", "v_rand"]


def test_pooled_counts_objects_and_the_mean_counts_images():
    truth = np.stack([draw("a...."), draw("a.b.c")])
    found = cellseg.summarise(
        list(cellseg.evaluate(truth * [[[1]], [[0]]], truth, "recall,v_rand", labels_are="instances"))
    )
    assert (found.images, found.mean["recall"], found.pooled) == (2, 0.5, {"recall": 0.25})


def test_a_stack_as_planes_and_as_a_volume():
    truth = np.stack([draw("aa.bb"), draw("aa.bb")])
    swapped = np.stack([truth[0], np.where(truth[1], 3 - truth[1], 0)])
    planes = list(cellseg.evaluate(swapped, truth, "v_rand", labels_are="instances"))
    assert [(one.name, one.values["v_rand"]) for one in planes] == [("prediction[0]", 1), ("prediction[1]", 1)]
    (volume,) = cellseg.evaluate(swapped, truth, "v_rand", labels_are="instances", volume=True)
    assert volume.values["v_rand"] == pytest.approx(0.5)


def test_small_cells_side_by_side_are_no_blur():
    """A file with such ramps was saved as JPEG; numbers in memory were not."""
    cells = np.arange(1, 49).reshape(6, 8)
    (one,) = cellseg.evaluate(cells, cells, "f1", labels_are="instances")
    assert one.values == {"f1": 1}


def test_probabilities_and_masks_as_arrays():
    truth = draw("aa..") > 0
    (one,) = cellseg.evaluate(np.array([[0.9, 0.6, 0.55, 0.1]], np.float32), truth, "iou", threshold=0.6)
    assert one.values == {"iou": 1}


def test_mistakes_are_told_before_the_first_image():
    with pytest.raises(cellseg.InputError, match="4 x 16"):
        cellseg.evaluate(PREDICTION[1:], TRUTH)
    with pytest.raises(cellseg.InputError, match="no metric"):
        cellseg.evaluate(PREDICTION, TRUTH, "f7")
    with pytest.raises(TypeError, match="both be arrays"):
        cellseg.evaluate(PREDICTION, "truth.tif")


def test_a_palette_of_a_prediction_is_for_display_as_that_of_a_truth(tmp_path):
    colours = np.random.default_rng(0).integers(0, 65535, (3, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", TRUTH.astype(np.uint8), photometric="palette", colormap=colours)
    tifffile.imwrite(tmp_path / "t.tif", TRUTH.astype(np.uint16))
    for pair in (("p.tif", "t.tif"), ("t.tif", "p.tif")):
        (one,) = cellseg.evaluate(*(tmp_path / name for name in pair), "f1")
        assert one.values == {"f1": 1}

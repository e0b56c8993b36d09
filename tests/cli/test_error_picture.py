"""The picture of errors: right colours in the right places."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from matplotlib.colors import to_hex

from cellseg.cli.pictures.errors import COLOURS, paint
from cellseg.metrics import object_table
from tests.metrics.drawing import PREDICTION, TRUTH


@pytest.mark.parametrize(
    ("place", "state"),
    [((1, 3), "true"), ((0, 13), "missed"), ((3, 13), "invented"), ((0, 5), "split"), ((3, 4), "merged")],
)
def test_every_state_has_its_colour(place, state):
    big_found, big_truth = (np.kron(image, np.ones((4, 4), int)) for image in (PREDICTION, TRUTH))
    colours = paint(big_found, big_truth, object_table(big_found, big_truth))
    y, x = (4 * c for c in place)
    assert to_hex(colours[y : y + 4, x : x + 4].reshape(-1, 3).max(axis=0)).upper() == COLOURS[state]


def test_the_image_shows_through_right_cells():
    labels = np.kron(PREDICTION, np.ones((6, 6), int))
    grey = np.full(labels.shape, 0.5)
    colours = paint(labels, labels, object_table(labels, labels), grey)
    assert to_hex(colours[2, 2]) == to_hex((0.5, 0.5, 0.5))
    assert to_hex(colours[2, -1]) == to_hex((0.5, 0.5, 0.5))


def test_no_object_anywhere():
    nothing = np.zeros((4, 4), int)
    assert not paint(nothing, nothing, []).any()


def test_the_worst_planes_of_a_stack_on_its_image(cellseg_cli, tmp_path):
    truth = np.stack([np.kron(TRUTH, np.ones((4, 4)))] * 8).astype(np.uint16)
    found = truth.copy()
    for plane in (2, 5):
        found[plane, :, :30] = 0
    for name, stack in (("f", found), ("t", truth), ("i", truth * 20)):
        tifffile.imwrite(tmp_path / f"{name}.tif", stack, photometric="minisblack")
    words = ("evaluate", tmp_path / "f.tif", tmp_path / "t.tif", "--picture", tmp_path / "e.png", "--metrics", "f1")
    done = cellseg_cli(*words, "--image", tmp_path / "i.tif")
    assert done.code == 0, done.err
    assert done.err.rstrip().endswith("e.png: f.tif[2], f.tif[5]")
    assert cellseg_cli(*words, "--show", "f.tif[7]").err.rstrip().endswith("f.tif[7]")
    assert cellseg_cli(*words, "--volume").code == 0

import numpy as np
import pytest

import cellseg
from cellseg.images.labels import LabelPlane
from cellseg.inference.result import instances_in
from cellseg.models.trained import as_model
from cellseg.training import validate
from cellseg.training.data import Annotated

APART = np.zeros((20, 24), np.int32)
APART[2:18, 2:10], APART[2:18, 14:22] = 1, 2
CARD = as_model(cellseg.build("unet", base=1, depth=1)).card
TOUCHING = APART.copy()
TOUCHING[2:18, 10:12], TOUCHING[2:18, 12:14] = 1, 2


def annotated(instances):
    truth = LabelPlane(instances, (instances > 0).astype(np.uint8), np.zeros(instances.shape, bool))
    return Annotated("drawn", np.zeros((1, *instances.shape), np.float32), truth)


@pytest.mark.parametrize(("instances", "grow"), [(APART, 0), (TOUCHING, 2)], ids=["apart", "touching"])
def test_instances_are_grown_only_where_annotated_cells_touch(instances, grow):
    seen = np.stack([1.0 - (APART > 0), APART > 0]).astype(np.float32) * 0.2 + 0.3
    card = validate.choose_cut(CARD, [validate.Seen(annotated(instances), seen)])
    assert 0.3 < card.threshold <= 0.5
    assert (card.grow, card.minimum_size) == (grow, 0)


def test_cores_are_taken_where_no_single_threshold_tells_cells_apart_and_keeps_them_whole():
    truth = np.zeros((40, 60), np.int32)
    truth[10:22, 10:22], truth[10:22, 22:34] = 1, 2
    cell = np.where(truth > 0, 0.55, 0.1).astype(np.float32)
    cell[13:19, 13:19] = cell[13:19, 25:31] = 0.95
    card = validate.choose_cut(CARD, [validate.Seen(annotated(truth), np.stack([1 - cell, cell]))])
    assert card.threshold < 0.55 < card.core
    np.testing.assert_array_equal(instances_in(np.stack([1 - cell, cell]), card) > 0, truth > 0)


def test_pixels_that_nobody_annotated_do_not_count():
    ignore = np.zeros(APART.shape, bool)
    ignore[:, 12:] = True
    truth = LabelPlane(np.where(ignore, 0, APART), (np.where(ignore, 0, APART) > 0).astype(np.uint8), ignore)
    probabilities = np.stack([1.0 - (APART > 0), APART > 0]).astype(np.float32)
    probabilities[1, :, 20:] = 1
    assert validate.scores(probabilities, truth, CARD)["v_rand"] == 1
    assert validate.scores(probabilities, truth, CARD)["pixel_error"] == 0

from dataclasses import replace

import numpy as np
import pytest

import cellseg
from cellseg.evaluation.windows import Window
from cellseg.inference.predict import predict_array
from cellseg.labels.meaning import LabelPlane
from cellseg.models.trained import as_model
from cellseg.steps import finished
from cellseg.training import validate
from cellseg.training.best import scores_that_tell
from cellseg.training.data import Annotated
from cellseg.training.validation_parts import ShownPart

APART = np.zeros((20, 24), np.int32)
APART[2:18, 2:10], APART[2:18, 14:22] = 1, 2
CARD = as_model(cellseg.build("unet", base=1, depth=1)).card


def annotated(instances):
    truth = LabelPlane(instances, (instances > 0).astype(np.uint8), np.zeros(instances.shape, bool))
    return Annotated("drawn", np.zeros((1, *instances.shape), np.float32), truth)


def test_pixels_that_nobody_annotated_do_not_count():
    ignore = np.zeros(APART.shape, bool)
    ignore[:, 12:] = True
    truth = LabelPlane(np.where(ignore, 0, APART), (np.where(ignore, 0, APART) > 0).astype(np.uint8), ignore)
    probabilities = np.stack([1.0 - (APART > 0), APART > 0]).astype(np.float32)
    probabilities[1, :, 20:] = 1
    assert validate.scores(probabilities, truth, CARD)["v_rand"] == 1
    assert validate.scores(probabilities, truth, CARD)["pixel_error"] == 0


LARGE = np.full((40, 40), 1, np.int32)  # one cell fills nearly all, as a large neurite does
LARGE[:, 32], LARGE[:, 33:] = 0, 2
LARGE[20, 33:], LARGE[21:, 33:] = 0, 3
CUT = (LARGE > 0) & (np.arange(40)[:, None] != 12)  # the large cell in two pieces, the others right
DUST = (np.indices((40, 40)) % 2 == 0).all(axis=0)
CANDIDATES = {"everything": np.ones((40, 40), bool), "cut": CUT, "dust": DUST}


def judged(foreground):
    probabilities = np.stack([~foreground, foreground]).astype(np.float32)
    return validate.scores(probabilities, annotated(LARGE).truth, CARD)


def test_one_segment_over_everything_is_no_good_segmentation():
    found = {name: judged(foreground) for name, foreground in CANDIDATES.items()}
    assert max(found, key=lambda name: found[name]["v_rand"]) == "everything"
    assert max(found, key=lambda name: found[name]["v_both"]) == "cut"
    assert found["everything"]["v_both"] == found["everything"]["v_info"] == 0
    assert found["dust"]["v_both"] < found["cut"]["v_both"]


@pytest.mark.parametrize(("shape", "count"), [((2048, 2048), 4), ((512, 512), 16), ((300, 400), 24), ((64, 64), 24)])
def test_the_threshold_is_chosen_on_more_images_where_they_are_small(shape, count):
    assert validate.how_many([annotated(np.zeros(shape, np.int32))] * 3) == count


def test_one_object_is_judged_by_what_lies_beside_it():
    """V_rand and V_info know nothing of false cells beside a single large one."""
    truth = np.zeros((60, 60), np.int32)
    truth[2:58, 2:50] = 1
    dust = (truth > 0) | ((np.indices(truth.shape) % 2 == 0).all(axis=0) & (np.arange(60) > 50))
    good = np.roll(truth > 0, 1, 0)
    found = {}
    for name, mask in {"dust": dust, "good": good}.items():
        probabilities = np.stack([~mask, mask]).astype(np.float32)
        every = validate.scores(probabilities, annotated(truth).truth, CARD)
        found[name] = scores_that_tell(every, annotated(truth).truth, True)
        assert "v_both" in every
        assert "v_both" not in found[name]
    assert found["dust"]["ap50"] < 0.02 < found["good"]["ap50"] == 1


def test_the_loss_is_that_of_known_pixels_and_finite():
    truth = annotated(APART).truth
    half = np.full((2, *APART.shape), 0.5, np.float32)
    assert validate.log_loss(half, truth) == pytest.approx(np.log(2))
    wrong = np.stack([APART > 0, APART == 0]).astype(np.float32)
    assert validate.log_loss(wrong, truth) == pytest.approx(-np.log(validate.LEAST), rel=1e-5)
    ignore = APART != 1
    known = LabelPlane(np.where(ignore, 0, APART), np.where(ignore, 0, APART > 0).astype(np.uint8), ignore)
    assert validate.log_loss(np.stack([APART != 1, APART == 1]).astype(np.float32), known) == 0
    nothing = LabelPlane(APART * 0, np.zeros(APART.shape, np.uint8), np.ones(APART.shape, bool))
    assert np.isnan(validate.log_loss(half, nothing))


def test_the_line_between_touching_cells_is_no_mistake_of_a_network_that_has_learnt_it():
    touching = np.where(np.arange(24) < 12, 1, 2) * np.ones((20, 1), np.int32)
    truth = LabelPlane(touching, np.ones(touching.shape, np.uint8), np.zeros(touching.shape, bool))
    cell = (np.abs(np.arange(24) - 11.5) > 1) * np.ones((20, 1), np.float32)  # two columns of line
    given = np.stack([1 - cell, cell]).astype(np.float32)
    assert validate.log_loss(given, truth) == 0
    assert validate.log_loss(given[::-1], truth) == pytest.approx(-np.log(validate.LEAST), rel=1e-5)


def test_a_class_that_the_model_does_not_have_has_no_chance():
    truth = LabelPlane(APART, np.full(APART.shape, 3, np.uint8), np.zeros(APART.shape, bool))
    given = np.full((3, *APART.shape), 1 / 3, np.float32)
    assert validate.log_loss(given, truth) == pytest.approx(-np.log(validate.LEAST), rel=1e-5)


class _Held:
    """What `judge` asks of a training set: images held out."""

    def __init__(self, *images):
        self.validation, self.old_validation, self.new = images, (), images


@pytest.fixture
def small_windows(monkeypatch):
    """Images of more than 24 x 24 pixels are large."""
    monkeypatch.setattr("cellseg.training.cut_images.WHOLE_PIXELS", 24 * 24)
    monkeypatch.setattr(validate, "JUDGED_SIDE", 20)
    monkeypatch.setattr(validate, "SEARCHED_SIDE", 10)


def model():
    return as_model(cellseg.build("unet", base=1, depth=1))


def test_a_window_is_predicted_as_a_part_of_the_whole_image():
    rng = np.random.default_rng(0)
    image = replace(annotated(np.pad(APART, 20)), image=rng.normal(3, 2, (1, 60, 64)).astype(np.float32))
    whole, one = predict_array(model(), image.image), model()
    part = ShownPart(image, image, Window(slice(7, 30), slice(20, 60)))
    np.testing.assert_array_equal(finished(part.predicted(one)), predict_array(one, image.image)[:, 7:30, 20:60])
    assert whole.shape == (2, 60, 64)


def test_of_large_images_windows_are_judged(small_windows):
    large = annotated(np.tile(np.pad(APART, 2), (4, 4)))
    judged = validate.judge(model(), _Held(large, annotated(APART)))
    names = [name for name, _ in judged.images]
    assert len(names) == 5
    assert names[-1] == "drawn"
    assert all(name.startswith("drawn [") for name in names[:-1])
    assert {one.image.truth.ignore.shape for one in judged.seen} >= {(20, 20)}


def test_a_validation_tells_how_far_it_is():
    told = list(validate.judging(model(), _Held(annotated(np.pad(APART, 8))), step=7))
    assert {one.step for one in told} == {7}
    assert list(dict.fromkeys(one.stage for one in told)) == ["predicting", "searching the cut", "scoring"]
    assert all(0 < one.done <= one.total for one in told)

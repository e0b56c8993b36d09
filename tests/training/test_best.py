"""The best model is kept, at the latest as long as nobody waits in vain, and a resumed training agrees."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.labels.meaning import LabelPlane
from cellseg.models.trained import as_model
from cellseg.options import DataOptions
from cellseg.training.best import LUCK, Best, better_of, check_continued, is_better, metric_for, value_of, values_of
from cellseg.training.data import Annotated, TrainingSet
from cellseg.training.events import Finished, Saved, Stepped, Validated
from cellseg.training.held_out_notes import notes_on_held_out
from cellseg.training.recipes import settings_for
from cellseg.training.run import train

pytestmark = pytest.mark.usefixtures("few_cuts")

OPTIONS = {"base": 2, "depth": 1, "tile": 32, "validation": 1, "rate": 0.02, "steps": 8, "validate_every": 2}


def weights_of(model):
    return torch.cat([p.detach().ravel() for p in model.network.state_dict().values()])


def history(pairs, **more):
    """Validations and the end of a training."""
    events = list(train(*pairs, **{**OPTIONS, **more}))
    return [event for event in events if isinstance(event, Validated)], events[-1]


@pytest.mark.parametrize("metric", ["auto", "v_both", "v_rand", "ap50", "iou", "pixel_error"])
def test_the_model_with_the_best_score_is_kept(pairs, metric):
    validations, last = history(pairs, best_by=metric, rate=0.05)
    values = [values_of(event.scores, last.best_by) for event in validations]
    if metric == "auto":  # the last that is about as good as the best
        best = [one for one, value in zip(validations, values, strict=True) if value[0] >= max(values)[0] - LUCK][-1]
    else:
        best = validations[max(range(len(values)), key=lambda k: (*np.round(values[k], 11), k))]
    assert last.best_by == ("v_both" if metric == "auto" else metric)
    assert last.chosen == best.step == [event.step for event in validations if event.kept][-1]
    assert torch.equal(weights_of(last.model), weights_of(best.model))
    assert last.scores == best.scores
    card, told = last.model.card, best.model.card
    assert (card.threshold, card.grow, card.minimum_size) == (told.threshold, told.grow, told.minimum_size)


def test_the_last_model_is_kept_where_it_is_asked_for(pairs):
    validations, last = history(pairs, best_by="last")
    assert (last.best_by, last.chosen) == ("last", 8)
    assert torch.equal(weights_of(last.model), weights_of(validations[-1].model))


def worsening(monkeypatch, after):
    """Validations become worse and worse after a step."""
    from cellseg.training import train as module

    def values(scores, metric):
        values.calls += 1
        return (float(-abs(values.calls - after)),)

    values.calls = 0
    monkeypatch.setattr(module, "values_of", values)


def test_a_training_ends_when_nothing_gets_better(pairs, monkeypatch, tmp_path):
    worsening(monkeypatch, 2)
    validations, last = history(pairs, patience=2, out=tmp_path / "run")
    assert [event.step for event in validations] == [2, 4, 6, 8]
    assert (last.step, last.chosen) == (8, 4)
    events = list(train(*pairs, out=tmp_path / "run", resume=True, **{**OPTIONS, "patience": 2}))
    assert not any(isinstance(event, Stepped) for event in events)
    assert torch.equal(weights_of(events[-1].model), weights_of(last.model))


STOPPED = {**OPTIONS, "rate": 0.05, "save_every": 0}


@pytest.fixture(scope="module")
def whole(pairs):
    """The end of a training that nobody stopped."""
    (*_, last) = train(*pairs, **STOPPED)
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize(
    ("kind", "stop"),
    [(Validated, 4), (Validated, 6), *((kind, stop) for kind in (Stepped, Saved) for stop in (4, 5, 6))],
)
def test_a_training_stopped_around_a_validation_ends_with_the_same_best_model(pairs, whole, tmp_path, kind, stop):
    events = train(*pairs, out=tmp_path / "run", **STOPPED)
    for event in events:
        if isinstance(event, kind) and event.step >= stop:
            break
    events.close()
    torch.manual_seed(99)
    found = list(train(*pairs, out=tmp_path / "run", resume=True, **STOPPED))
    assert torch.equal(weights_of(found[-1].model), weights_of(whole.model))
    assert found[-1].model.card == whole.model.card
    assert (found[-1].chosen, found[-1].scores) == (whole.chosen, whole.scores)


def test_validation_images_of_their_own(pairs, other_pairs):
    where = DataOptions(validation_images=str(other_pairs[0]), validation_labels=str(other_pairs[1]))
    events = list(train(*pairs, where=where, **{**OPTIONS, "steps": 2}))
    assert (events[0].images, events[0].validation_images) == (4, 3)
    assert len(events[-1].images) == 3
    with pytest.raises(InputError, match="--validation-labels is missing"):
        next(train(*pairs, where=DataOptions(validation_images=str(other_pairs[0])), **OPTIONS))


@pytest.mark.parametrize(
    ("more", "part"), [({"patience": 2, "validation": 0}, "--patience 2"), ({"best_by": "f1"}, "--best-by")]
)
def test_what_cannot_be_judged_is_refused(pairs, more, part):
    with pytest.raises(InputError, match=part):
        next(train(*pairs, **{**OPTIONS, **more}))


MODEL = as_model(cellseg.build("unet", base=1, depth=1))


def followed(*found, metric="ap50"):
    """The best model after validations with these values, one a step."""
    best = None
    for step, values in enumerate(found, 1):
        best = better_of(best, MODEL, step, values, metric, keep=True)
    return best


@pytest.mark.parametrize(
    ("found", "step", "waited"),
    [
        ([(0.5,), (0.6,)], 2, 0),
        ([(0.6,), (0.5,)], 1, 1),
        ([(0.5, 0.2, 0.9), (0.5, 0.3, 0.8)], 2, 0),  # equal AP: the mean AP decides
        ([(0.5, 0.2, 0.9), (0.5, 0.2, 0.8)], 1, 1),  # then the IoU
        ([(0.5, 0.2), (0.5 + 1e-15, 0.2)], 2, 0),  # of equals the later one
        ([(0.0, 0.0, 0.0, -0.7), (0.0, 0.0, 0.0, -0.6)], 2, 0),  # nothing is found yet, but the loss falls
        ([(1.0, 0.9), (1.0, 0.8), (1.0, 0.7)], 1, 0),  # nothing can exceed the best: the wait does not count
        ([(1.0, 0.9), (1.0, 0.8), (0.9, 0.7), (0.8, 0.7)], 1, 2),
        ([(0.5,), (0.5, 0.1)], 2, 0),  # a checkpoint of before has one score
        ([(-np.inf,), (-np.inf,)], 2, 0),
    ],
)
def test_no_choice_rests_on_a_tie(found, step, waited):
    best = followed(*found)
    assert (best.step, best.waited) == (step, waited)


def test_of_few_images_a_later_model_is_kept_that_is_about_as_good_as_the_best_so_far():
    best = None
    for step, (value, kept) in enumerate([(0.9, 1), (1.0, 2), (0.995, 3), (0.991, 4), (0.985, 4), (0.992, 6)], 1):
        best = better_of(best, MODEL, step, (value,), "iou", keep=True, tie=0.01)
        assert best.step == kept, "about as good as the highest, and not as the one before"
    assert best.waited == 4, "since the highest"


def test_the_least_error_that_there_is_cannot_be_exceeded_either():
    assert followed((0.0, 0.9), (0.0, 0.8), metric="pixel_error").waited == 0
    assert followed((-0.1, 0.9), (-0.1, 0.8), metric="pixel_error").waited == 1


def test_values_are_larger_where_models_are_better():
    assert value_of({"ap50": float("nan")}, "ap50") == -np.inf
    assert value_of({"iou": 0.5, "old_iou": 0.9}, "iou") == pytest.approx(0.7)
    assert value_of({"pixel_error": 0.2}, "pixel_error") == -0.2
    scores = {"pixel_error": 0.1, "iou": 0.7, "log_loss": 0.4, "mean_ap": 0.3, "ap50": 0.5}
    assert values_of(scores, "ap50") == (0.5, 0.3, 0.7, -0.4)
    assert values_of({"pixel_error": 0.1, "iou": 0.7, "log_loss": 0.4}, "iou") == (0.7, -0.4)
    assert is_better((0.5, 0.1), (0.4, 0.9))
    assert not is_better((0.5, 0.1), (0.5, 0.9))


CELL, LARGE, EMPTY = np.zeros((3, 20, 20), np.int32)
CELL[4:9, 4:9], LARGE[1:19, 1:19] = 1, 1
PAIR = CELL.copy()
PAIR[12:17, 12:17] = 2
FULL = np.where(np.arange(20) < 10, 1, 2)[None].repeat(20, 0).astype(np.int32)


def held(*drawn, classes=2, ignore=()):
    """A training set with these instances held out; of those in `ignore` nothing is annotated."""
    images = [
        Annotated(f"{k}.tif", np.zeros((1, 20, 20), np.float32), plane_of(one, k in ignore))
        for k, one in enumerate(drawn)
    ]
    return TrainingSet((), (), np.zeros(256, np.int64), tuple(images), classes, "instances", "")


def plane_of(instances, ignored=False):
    known = instances * (not ignored)
    return LabelPlane(known, (known > 0).astype(np.uint8), np.full(known.shape, ignored))


def asked(**options):
    return settings_for(**options).train


@pytest.mark.parametrize(
    ("data", "best_by", "metric", "note"),
    [
        (held(PAIR), None, "ap50", ""),
        (held(FULL), None, "v_both", ""),
        (held(EMPTY), None, "last", "There is no cell in what is held out"),
        (held(EMPTY, EMPTY), "iou", "last", "There is no cell in what is held out (0.tif, 1.tif)"),
        (held(EMPTY), "pixel_error", "pixel_error", "the best one by pixel_error is kept, as asked"),
        (held(PAIR, EMPTY), None, "ap50", "There is no cell in 1.tif"),
        (held(PAIR, ignore=[0]), None, "last", "No pixel that is held out is annotated"),
        (held(PAIR, PAIR, ignore=[1]), None, "ap50", "Nothing is annotated in 1.tif"),
        (held(LARGE), None, "ap50", "One cell covers most of 0.tif"),
        (held(LARGE), "v_both", "ap50", "(--best-by v_both)"),
        (held(LARGE, FULL, FULL), None, "v_both", "One cell covers most of 0.tif"),
        (held(np.ones((20, 20), np.int32)), None, "last", "There is one class only, 1,"),
        (held(CELL), None, "ap50", "One cell only is held out"),
        (held(EMPTY, classes=3), None, "last", "There is no cell"),
        (held(EMPTY), "last", "last", "There is no cell"),
    ],
)
def test_what_is_held_out_decides_by_what_models_are_compared(data, best_by, metric, note):
    options = asked(best_by=best_by)
    assert metric_for(data, options) == metric
    assert note in " ".join(notes_on_held_out(data, options))
    assert bool(notes_on_held_out(data, options)) == bool(note)


def test_patience_does_not_count_where_nothing_tells_models_apart():
    assert "--patience 3 does not count" in notes_on_held_out(held(EMPTY), asked(patience=3))[0]


def test_a_checkpoint_of_before_goes_on_where_models_are_compared_as_then():
    old = Best(step=2, value=1.0, waited=0, threshold=0.5, core=0.0, grow=0, minimum_size=0, weights={})
    check_continued(old, held(PAIR), "ap50")
    check_continued(old, held(FULL), "v_both")
    check_continued(old, held(EMPTY), "last")
    check_continued(None, held(LARGE), "ap50")
    with pytest.raises(InputError, match="chosen by v_both"):
        check_continued(old, held(LARGE), "ap50")
    with pytest.raises(InputError, match="chosen by iou"):
        check_continued(replace(old, by="iou"), held(PAIR), "ap50")


def test_a_control_without_cells_does_not_keep_the_first_model(pairs, control):
    where = DataOptions(validation_images=str(control[0]), validation_labels=str(control[1]))
    events = list(train(*pairs, where=where, **{**OPTIONS, "steps": 6, "patience": 1}))
    validations = [event for event in events if isinstance(event, Validated)]
    assert "no cell" in events[0].notes[0]
    assert (events[-1].best_by, events[-1].chosen) == ("last", 6)
    assert all(event.kept and set(event.scores) == {"pixel_error", "log_loss"} for event in validations)


@pytest.fixture
def control(tmp_path):
    """An image without cells, and its labels."""
    for name, values in (("i", np.random.default_rng(0).integers(0, 99, (64, 64))), ("l", np.zeros((64, 64)))):
        tifffile.imwrite(tmp_path / f"{name}.tif", values.astype(np.uint8))
    return tmp_path / "i.tif", tmp_path / "l.tif"

"""The best model is kept, at the latest as long as nobody waits in vain, and a resumed training agrees."""

import numpy as np
import pytest
import torch

from cellseg.errors import InputError
from cellseg.options import DataOptions
from cellseg.training.best import better_of, value_of
from cellseg.training.events import Finished, Saved, Stepped, Validated
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
    values = [value_of(event.scores, last.best_by) for event in validations]
    best = validations[int(np.argmax(values))]
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

    def value(scores, metric):
        value.calls += 1
        return float(-abs(value.calls - after))

    value.calls = 0
    monkeypatch.setattr(module, "value_of", value)


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


def test_of_equals_the_earlier_is_kept():
    from cellseg import build
    from cellseg.models.trained import as_model

    model = as_model(build("unet", base=1, depth=1))
    first = better_of(None, model, 2, 0.5, keep=True)
    again = better_of(first, model, 4, 0.5, keep=True)
    assert (again.step, again.waited) == (2, 1)
    assert (better_of(again, model, 6, 0.6, keep=True).waited, value_of({"ap50": float("nan")}, "ap50")) == (0, -np.inf)
    assert value_of({"iou": 0.5, "old_iou": 0.9}, "iou") == pytest.approx(0.7)
    assert value_of({"pixel_error": 0.2}, "pixel_error") == -0.2

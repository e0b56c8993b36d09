"""Going on from a trained model."""

import pytest
import torch

from cellseg.errors import InputError
from cellseg.models.trained import save
from cellseg.options import DataOptions
from cellseg.training.data import find_training_pairs, read_training_set
from cellseg.training.events import Compared, Finished, Stepped, Validated
from cellseg.training.recipes import settings_for
from cellseg.training.report import forgotten, in_text, report_of
from cellseg.training.run import train

pytestmark = pytest.mark.usefixtures("few_cuts")

SMALL = {"base": 4, "depth": 1, "tile": 32, "validation": 1, "rate": 0.01, "steps": 30, "validate_every": 10}
FEW = {"tile": 32, "validation": 1, "steps": 4, "validate_every": 2}


@pytest.fixture(scope="module")
def trained(pairs):
    (*_, last) = train(*pairs, **SMALL)
    return last.model


def replaying(pairs):
    return DataOptions(replay_images=str(pairs[0]), replay_labels=str(pairs[1]))


def weights_of(model):
    return torch.cat([p.detach().ravel() for p in model.network.state_dict().values()])


def learnt_by(model):
    """Parameters without the running statistics of normalisation layers, which follow the new images at once."""
    return torch.cat([p.detach().ravel() for p in model.network.parameters()])


def test_it_begins_where_the_model_is(trained, other_pairs, tmp_path):
    save(trained, tmp_path / "m.safetensors")
    events = list(train(*other_pairs, start=tmp_path / "m.safetensors", **FEW))
    last = events[-1]
    assert last.model.card.options == trained.card.options
    assert last.model.card.training["from"] == trained.digest
    assert next(event.rate for event in events if isinstance(event, Stepped)) <= 2e-4
    moved = float((learnt_by(last.model) - learnt_by(trained)).abs().mean())
    assert 0 < moved < 0.01 * float(learnt_by(trained).abs().mean())


def test_scores_before_and_after_on_new_and_old_images(trained, pairs, other_pairs):
    events = list(train(*other_pairs, where=replaying(pairs), start=trained, **FEW))
    last = events[-1]
    (before,) = [event.scores for event in events if isinstance(event, Compared)]
    assert isinstance(last, Finished)
    assert last.before == before
    assert {"ap50", "old_ap50", "iou", "old_iou"} <= set(before) == set(last.scores)
    assert events[0].images == 2 + 3  # one of each is held out
    data = read_training_set(
        find_training_pairs(DataOptions(images=str(other_pairs[0]), labels=str(other_pairs[1]))),
        settings_for().labels,
        1,
    )
    text = in_text(report_of(last, data, 4))
    assert "before" in text
    assert "old_ap50" in text


def test_what_is_forgotten_is_told(trained, pairs, other_pairs):
    """A high rate, and nothing replayed but what is held out."""
    (*_, last) = train(
        *other_pairs, where=replaying(pairs), start=trained, **{**FEW, "rate": 0.5, "replay_share": 0.0, "ema": 0}
    )
    assert forgotten(last)


def test_a_stopped_one_goes_on_to_the_same_bits(trained, pairs, other_pairs, tmp_path):
    words = {"where": replaying(pairs), "start": trained, "out": tmp_path / "run", "save_every": 0, **FEW}
    (*_, whole) = train(*other_pairs, **{**words, "out": None})
    events = train(*other_pairs, **words)
    while getattr(next(events), "step", 0) < 3:
        pass
    events.close()
    (*_, again) = train(*other_pairs, resume=True, **words)
    assert torch.equal(weights_of(again.model), weights_of(whole.model))
    with pytest.raises(InputError, match="other images, labels or options"):
        next(train(*other_pairs, resume=True, **{**words, "start": again.model}))


def test_a_model_that_does_not_fit_is_refused(trained, pairs):
    from dataclasses import replace

    from cellseg.training.finetune import fitted

    data = read_training_set(
        find_training_pairs(DataOptions(images=str(pairs[0]), labels=str(pairs[1]))), settings_for().labels, 0
    )
    with pytest.raises(InputError, match="3 classes"):
        fitted(replace(data, classes=3), trained.card)
    with pytest.raises(InputError, match=r"1 channels.*with 2"):
        fitted(data, replace(trained.card, options={**trained.card.options, "channels": 2}))
    assert fitted(data, replace(trained.card, class_names=("background", "a", "b"))).classes == 3


def test_old_images_alone_choose_no_model(trained, pairs, other_pairs):
    """They would choose the one that has learnt least; the last is kept, and it is told what was forgotten."""
    events = list(train(*other_pairs, where=replaying(pairs), start=trained, **{**FEW, "validation": 0.01}))
    last = events[-1]
    assert (last.best_by, last.chosen) == ("last", 4)
    assert {name[:4] for name in last.scores} == {"old_"}
    assert [event.kept for event in events if isinstance(event, Validated)] == [True, True]
    with pytest.raises(InputError, match="--patience 2"):
        next(train(*other_pairs, where=replaying(pairs), start=trained, **{**FEW, "validation": 0.01, "patience": 2}))

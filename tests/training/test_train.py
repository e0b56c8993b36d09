from dataclasses import replace

import numpy as np
import pytest
import torch

from cellseg.errors import InputError
from cellseg.training.admission import held_out
from cellseg.training.events import Finished, Saved, Started, Stepped, Validated
from cellseg.training.recipes import settings_for
from cellseg.training.run import train
from cellseg.training.step import rate_at

pytestmark = pytest.mark.usefixtures("few_cuts")

SMALL = {"base": 2, "depth": 1, "norm": "batch", "tile": 32, "validation": 1, "rate": 0.01}


def weights_of(model):
    return torch.cat([p.detach().ravel() for p in model.network.state_dict().values()])


def finish(events):
    *_, last = events
    assert isinstance(last, Finished)
    return last


def test_events_come_in_order(pairs):
    events = list(train(*pairs, steps=6, validate_every=3, **SMALL))
    assert isinstance(events[0], Started)
    assert [e.step for e in events if isinstance(e, Stepped)] == [1, 2, 3, 4, 5, 6]
    assert [e.step for e in events if isinstance(e, Validated)] == [3, 6]
    assert isinstance(events[-1], Finished)
    assert set(events[-1].scores) >= {"pixel_error", "v_rand", "v_info", "iou"}


def test_the_same_seed_gives_the_same_weights(pairs):
    one, two, other = (finish(train(*pairs, steps=3, seed=seed, **SMALL)).model for seed in (1, 1, 2))
    assert torch.equal(weights_of(one), weights_of(two))
    assert not torch.equal(weights_of(one), weights_of(other))


@pytest.mark.parametrize("recipe", ["fast", "paper"])
@pytest.mark.parametrize("stop", [1, 4])
def test_a_resumed_training_ends_in_the_same_bits(pairs, tmp_path, recipe, stop):
    options = {"steps": 6, "recipe": recipe, "base": 2, "depth": 1, "tile": 32, "save_every": 0}
    whole = finish(train(*pairs, **options))
    events = train(*pairs, out=tmp_path / "run", **options)
    for event in events:
        if isinstance(event, Saved) and event.step == stop:
            break
    events.close()
    torch.manual_seed(99)
    again = finish(train(*pairs, out=tmp_path / "run", resume=True, **options))
    assert torch.equal(weights_of(again.model), weights_of(whole.model))
    assert again.model.card == whole.model.card


def test_stopping_keeps_the_last_step(pairs, tmp_path):
    events = train(*pairs, out=tmp_path / "run", steps=6, save_every=1000, **SMALL)
    for event in events:
        if isinstance(event, Stepped) and event.step == 3:
            break
    events.close()
    started = next(train(*pairs, out=tmp_path / "run", resume=True, steps=6, save_every=1000, **SMALL))
    assert started.step == 3


def test_a_checkpoint_of_other_options_is_refused(pairs, tmp_path):
    finish(train(*pairs, out=tmp_path / "run", steps=2, **SMALL))
    with pytest.raises(InputError, match="--steps is given as 3"):
        next(train(*pairs, out=tmp_path / "run", resume=True, steps=3, **SMALL))


@pytest.mark.parametrize("content", [b"", b"nonsense", None], ids=["empty", "nonsense", "cut"])
def test_a_damaged_checkpoint_is_refused(pairs, tmp_path, content):
    run = tmp_path / "run"
    file = run / "last.ckpt"
    finish(train(*pairs, out=run, steps=2, **SMALL))
    file.write_bytes(file.read_bytes()[:-200] if content is None else content)
    with pytest.raises(InputError, match=r"last\.ckpt"):
        next(train(*pairs, out=run, resume=True, steps=2, **SMALL))


def test_a_loss_that_is_no_number_is_caught_and_the_good_state_kept(pairs, tmp_path):
    options = {**SMALL, "norm": "none", "rate": 10, "optimiser": "sgd", "schedule": "constant", "momentum": 0.99}
    with pytest.raises(InputError, match=r"--rate.*last good checkpoint is kept"):
        list(train(*pairs, out=tmp_path / "run", steps=300, **options))
    tree = torch.load(tmp_path / "run/last.ckpt", weights_only=True)
    assert 0 < tree["step"] < 300
    assert all(tensor.isfinite().all() for name in ("network", "averaged") for tensor in tree[name].values())


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_of_a_damaged_checkpoint_the_one_before_is_taken_and_said(pairs, tmp_path, damage):
    options = {"steps": 6, "save_every": 0, **SMALL}
    whole = finish(train(*pairs, **options))
    events = train(*pairs, out=tmp_path / "run", **options)
    for event in events:
        if isinstance(event, Saved) and event.step == 4:
            break
    events.close()
    file = tmp_path / "run/last.ckpt"
    content = bytearray(file.read_bytes())
    content[::50] = bytes(byte ^ 1 for byte in content[::50])
    file.write_bytes({"cut": content[:-200], "flipped": content, "empty": b""}[damage])
    events = list(train(*pairs, out=tmp_path / "run", resume=True, **options))
    assert events[0].step == 3
    assert any("last.ckpt is damaged; the training goes on from the checkpoint before it" in n for n in events[0].notes)
    assert torch.equal(weights_of(events[-1].model), weights_of(whole.model))
    rows = (tmp_path / "run/metrics.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("every", [0, 1000], ids=["a checkpoint each step", "none before"])
def test_a_state_that_is_spoilt_replaces_no_checkpoint(pairs, tmp_path, monkeypatch, every):
    """The third step's loss is a number, but the weights it leaves are none."""
    from cellseg.training import train as module

    real = module.take_step

    def spoil(state, batch, options, precision):
        loss = real(state, batch, options, precision)
        if state.step == 3:
            next(state.network.parameters()).data.fill_(torch.nan)
        return loss

    run, options = tmp_path / "run", {"steps": 6, "save_every": every, **SMALL}
    if every:
        events = train(*pairs, out=run, **options)
        while not isinstance(next(events), Stepped):
            pass
        events.close()
    monkeypatch.setattr(module, "take_step", spoil)
    with pytest.raises(InputError, match="the loss is nan at step 4"):
        list(train(*pairs, out=run, resume=bool(every), **options))
    monkeypatch.setattr(module, "take_step", real)
    events = train(*pairs, out=run, resume=True, **options)
    assert next(events).step == (1 if every else 2)
    assert all(parameter.isfinite().all() for parameter in finish(events).model.network.parameters())


@pytest.mark.parametrize(
    ("count", "validation", "held"), [(24, 4, 4), (24, 0.1, 2), (4, 0.1, 1), (3, 0.1, 0), (24, 0, 0), (10, 0.5, 5)]
)
def test_how_many_images_are_held_out(count, validation, held):
    assert held_out(count, validation) == held


def test_nothing_left_to_learn_from_is_refused():
    with pytest.raises(InputError, match="--validation 4"):
        held_out(4, 4)


def test_the_schedule_rises_then_falls_to_zero():
    options = replace(settings_for().train, steps=100, rate=1.0)
    rates = [rate_at(step, options) for step in range(100)]
    assert np.argmax(rates) in (9, 10)
    assert 0 < rates[0] < 0.2
    assert 0 < rates[-1] < 0.01


def test_an_unknown_recipe_or_option_is_refused():
    with pytest.raises(InputError, match="paper"):
        settings_for("papyrus")
    with pytest.raises(InputError, match="stepps"):
        settings_for(stepps=3)

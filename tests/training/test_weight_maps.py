"""Weight maps are made once and kept; what is kept changes no bit of a training, and damage is noticed."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from cellseg.errors import InputError
from cellseg.images.write import write_stack
from cellseg.labels.pairs import find_pairs
from cellseg.options import LabelOptions, WeightOptions
from cellseg.preprocess.targets import make_target
from cellseg.samples.sample import make_sample
from cellseg.training import weight_maps
from cellseg.training.data import read_training_set
from cellseg.training.events import Finished, Started, Stepped, Weighed
from cellseg.training.recipes import settings_for
from cellseg.training.run_folder import new_run, refuse_used
from cellseg.training.train import train_on
from cellseg.training.weight_maps import kept, weigh

pytestmark = pytest.mark.usefixtures("few_cuts")

OPTIONS = WeightOptions()


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """A stack of five generated images of 64 x 64, and their labels."""
    folder = tmp_path_factory.mktemp("pairs")
    made = [make_sample("touching", (64, 64), np.random.default_rng(k)) for k in range(5)]
    for name, stack in zip(("images.tif", "labels.tif"), zip(*made, strict=True), strict=True):
        write_stack(folder / name, np.stack(stack), "ZYX")
    return folder / "images.tif", folder / "labels.tif"


@pytest.fixture(scope="module")
def data(paths):
    return read_training_set(find_pairs(*paths), LabelOptions(), 1)


def finish(events):
    """All events of `weigh`, and the examples."""
    seen = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return seen, end.value


def test_examples_are_those_of_one_after_the_other(data):
    seen, examples = finish(weigh(data, OPTIONS, threads=3))
    assert seen == [Weighed(k, 4, 0) for k in range(1, 5)]
    for image, example in zip(data.training, examples, strict=True):
        truth = image.truth
        classes, weights = make_target(truth.instances, truth.classes, truth.ignore, OPTIONS, data.counts)
        np.testing.assert_array_equal(example.classes, classes)
        np.testing.assert_array_equal(example.weights, weights)
        assert example.image is image.image


def test_maps_are_made_in_several_threads_at_once(data, monkeypatch):
    together = threading.Barrier(4)

    def wait(*_):
        together.wait(20)
        return np.ones((64, 64), np.float32)

    monkeypatch.setattr(weight_maps, "make_weights", wait)
    finish(weigh(data, OPTIONS, threads=4))


def test_what_is_kept_is_used_again_and_the_same(data, tmp_path, monkeypatch):
    _, fresh = finish(weigh(data, OPTIONS, tmp_path))
    assert len(list(tmp_path.glob("*.npy"))) == len(list(tmp_path.iterdir())) == 4
    monkeypatch.setattr(weight_maps, "make_weights", None)
    seen, again = finish(weigh(data, OPTIONS, tmp_path))
    assert seen[-1] == Weighed(4, 4, 4)
    for one, two in zip(fresh, again, strict=True):
        assert one.weights.tobytes() == two.weights.tobytes()
        assert one.weights.dtype == two.weights.dtype


@pytest.mark.parametrize("damage", [b"", b"nonsense", "cut", "bit"])
def test_a_damaged_file_is_made_anew(data, tmp_path, damage):
    _, fresh = finish(weigh(data, OPTIONS, tmp_path))
    file = sorted(tmp_path.iterdir())[2]
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    file.write_bytes({"cut": whole[:-500], "bit": bytes(flipped)}.get(damage, damage))
    seen, again = finish(weigh(data, OPTIONS, tmp_path))
    assert seen[-1].reused == 3
    assert file.read_bytes() == whole
    assert all((a.weights == b.weights).all() for a, b in zip(fresh, again, strict=True))


def test_a_file_is_an_array_of_numpy(data, tmp_path):
    truth = data.training[0].truth
    weights, _ = kept(truth, data.targets[0], OPTIONS, data.counts, tmp_path)
    (file,) = tmp_path.iterdir()
    np.testing.assert_array_equal(np.load(file), weights)


CHANGES = {
    "w0": {"w0": 9},
    "sigma": {"sigma": 4},
    "balance": {"balance": "image"},
    "where": {"where": "everywhere"},
    "spacing": {"spacing": 2},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_other_options_have_other_maps(data, tmp_path, change):
    truth, kinds = data.training[0].truth, data.targets[0]
    kept(truth, kinds, OPTIONS, data.counts, tmp_path)
    other = replace(OPTIONS, **change)
    weights, reused = kept(truth, kinds, other, data.counts, tmp_path)
    assert not reused
    np.testing.assert_array_equal(
        weights, make_target(truth.instances, truth.classes, truth.ignore, other, data.counts)[1]
    )
    assert kept(truth, kinds, other, data.counts, tmp_path)[1]


def test_other_labels_and_other_class_frequencies_have_other_maps(data, tmp_path):
    truth, kinds = data.training[0].truth, data.targets[0]
    kept(truth, kinds, OPTIONS, data.counts, tmp_path)
    hidden = replace(truth, ignore=np.roll(truth.ignore, 1) | (np.arange(64) == 3))
    assert not kept(hidden, kinds, OPTIONS, data.counts, tmp_path)[1]
    assert not kept(data.training[1].truth, data.targets[1], OPTIONS, data.counts, tmp_path)[1]
    assert not kept(truth, kinds, OPTIONS, data.counts + np.arange(256), tmp_path)[1]


def test_another_version_of_the_algorithm_has_other_maps(data, tmp_path, monkeypatch):
    finish(weigh(data, OPTIONS, tmp_path))
    monkeypatch.setattr(weight_maps, "VERSION", weight_maps.VERSION + 1)
    assert finish(weigh(data, OPTIONS, tmp_path))[0][-1].reused == 0


def test_a_training_ends_in_the_same_bits_with_maps_that_were_kept(data, tmp_path):
    settings = settings_for("fast", base=2, depth=1, tile=32, validation=1, steps=3)
    bits = []
    for reused in (0, 4):
        events = list(train_on(data, settings, weight_maps=tmp_path / "weights"))
        assert isinstance(events[0], Started)
        assert [e for e in events if isinstance(e, Weighed)][-1] == Weighed(4, 4, reused)
        assert [type(e) for e in events].index(Stepped) == 5, "all maps come before the first step"
        assert isinstance(events[-1], Finished)
        bits.append(torch.cat([p.detach().ravel() for p in events[-1].model.network.parameters()]))
    assert torch.equal(*bits)


def test_images_with_the_same_labels_share_a_file(data, tmp_path):
    many = replace(data, training=data.training[:1] * 40, targets=data.targets[:1] * 40)
    _, examples = finish(weigh(many, OPTIONS, tmp_path, threads=8))
    assert len(list(tmp_path.iterdir())) == 1
    assert len(examples) == 40


def test_a_training_that_is_stopped_waits_for_no_map(data, tmp_path):
    events = weigh(data, OPTIONS, tmp_path, threads=1)
    next(events)
    events.close()
    assert 1 <= len(list(tmp_path.glob("*.npy"))) <= 4
    assert not list(tmp_path.glob(".*"))


def test_a_run_folder_may_hold_weight_maps_already(tmp_path):
    (tmp_path / "run/weights").mkdir(parents=True)
    assert new_run(tmp_path / "run").weight_maps == tmp_path / "run/weights"
    (tmp_path / "run/notes.txt").touch()
    with pytest.raises(InputError, match="not empty"):
        refuse_used(tmp_path / "run")

"""The recipe `fast` takes the network that suits the machine: of pretended machines, for there is none at hand."""

import json
import math
import tomllib

import pytest
import torch

from cellseg.options import DataOptions
from cellseg.training import network_size
from cellseg.training.begin import RunRequest
from cellseg.training.network_size import LONGEST, ON_GPU, chosen, options_of, size_for
from cellseg.training.recipes import RECIPES
from cellseg.training.run import begin
from cellseg.training.train import run_digest

MACHINES = {
    "GPU of a cluster": (ON_GPU, (0.004, 0.01, 0.03), (64, 4, 8)),
    "GPU of a laptop": (ON_GPU, (0.05, 0.2, 0.6), (32, 4, 8)),
    "GPU whose memory is small": (ON_GPU, (0.02, math.inf), (32, 3, 4)),
    "GPU of ten years ago": (ON_GPU, (0.5,), (32, 3, 4)),
}


@pytest.mark.parametrize(("sizes", "seconds", "expected"), MACHINES.values(), ids=list(MACHINES))
def test_the_largest_size_with_short_steps(sizes, seconds, expected):
    asked = zip(sizes, seconds, strict=False)  # the size after one that is too slow is not measured
    size = chosen(asked).size
    assert (size.base, size.depth, size.batch) == expected


@pytest.fixture
def machine(monkeypatch):
    """Make this machine one of another kind; returns the sizes that are measured."""

    def become(device, seconds=0.01):
        seen = []

        def measured(settings):
            seen.append((settings.network.base, settings.network.depth, settings.train.batch))
            return seconds

        monkeypatch.setattr(network_size, "training_device", lambda: torch.device(device))
        monkeypatch.setattr(network_size, "measured_seconds", measured)
        return seen

    return become


@pytest.mark.parametrize("options", [{}, {"recipe": "fast"}, {"steps": 3}, {"precision": "bfloat16"}], ids=str)
def test_a_processor_measures_nothing_so_that_a_busy_one_trains_the_same(machine, options):
    seen = machine("cpu")
    assert size_for(options) is None
    assert not seen
    fast = RECIPES["fast"]
    assert (fast["base"], fast["depth"], fast["batch"]) == (16, 3, 1)


STAY = [{"recipe": "paper"}, {"recipe": "quick"}, {"base": 24, "depth": 2, "batch": 2}]


@pytest.mark.parametrize("options", STAY, ids=str)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_other_recipes_and_what_is_given_stay(machine, device, options):
    seen = machine(device)
    assert size_for(options) is None
    assert not seen


def test_a_part_that_is_given_stays(machine):
    seen = machine("cuda")
    assert options_of(size_for({"batch": 2})) == {"base": 64, "depth": 4, "batch": 2}
    assert seen == [(32, 3, 2), (32, 4, 2), (64, 4, 2)]


def test_each_of_several_processes_has_the_samples_that_were_measured(machine, monkeypatch):
    machine("cuda")
    monkeypatch.setattr(network_size, "processes", lambda: 3)
    assert options_of(size_for({}))["batch"] == 24
    assert options_of(size_for({"batch": 6}))["batch"] == 6


def test_steps_of_the_very_network_are_measured():
    settings = network_size.settings_for(base=2, depth=1, tile=16)
    assert 0 < network_size.measured_seconds(settings) < 5


@pytest.fixture
def request_for(pairs):
    images, labels = map(str, pairs)

    def made(out, **given):
        where = given.pop("where", DataOptions(images=images, labels=labels))
        return RunRequest(where, {"validation": 1, **given.pop("options", {})}, out=out, **given)

    return made


def test_what_was_chosen_is_kept_and_never_measured_again(machine, request_for, tmp_path):
    machine("cuda", seconds=0.1)
    first = begin(request_for(tmp_path / "one"))
    assert first.settings.network.base == 64
    assert "64 channels, depth 4, 8 samples a step of 0.1 s" in first.notes[0]
    kept = json.loads((tmp_path / "one/config.json").read_text("utf-8"))
    assert (kept["options"]["network"]["base"], kept["notes"]) == (64, list(first.notes))

    seen = machine("cuda", seconds=2 * LONGEST)  # the GPU is busy now
    again = begin(request_for(tmp_path / "one", resume=True))
    written = tomllib.loads((tmp_path / "one/config.toml").read_text("utf-8"))
    options = {name.replace("-", "_"): value for name, value in written.items()}
    sources = {name: options.pop(name) for name in ("images", "labels", "format")}
    where = DataOptions(images=sources["images"], labels=sources["labels"])
    repeated = begin(request_for(tmp_path / "two", where=where, options=options))
    digests = {run_digest(run.data, run.settings) for run in (first, again, repeated)}
    assert len(digests) == 1
    assert not seen
    assert not again.notes
    assert (tmp_path / "one/config.toml").read_bytes() == (tmp_path / "two/config.toml").read_bytes()


def test_a_dry_run_chooses_as_well(machine, request_for):
    machine("cuda")
    run = begin(request_for(None), dry=True)
    assert (run.settings.network.base, run.settings.network.depth, run.settings.train.batch) == (64, 4, 8)

"""Files that a version before 0, "" and "auto" became "not given" wrote: they open, or are refused in a line."""

from __future__ import annotations

import json
import tomllib

import pytest

import cellseg
from cellseg.training.old_options import migrated
from cellseg.training.recipes import settings_for

from .conftest import assert_refused

OLD = """\
labels-are = "auto"
foreground = "nonzero"
w0 = 10.0
sigma = 5.0
balance = "dataset"
where = "background"
spacing = 1.0
elastic = 10.0
grid = 3
rotate = true
flip = true
scale = 0.1
grey = 0.15
invert = 0.0
blur = 1.0
noise = 0.2
mosaic = 0.0
model = "unet3p"
base = 2
depth = 1
norm = "batch"
dropout = 0.0
padding = "auto"
up = "transposed"
deep-supervision = true
guidance = false
variant = "b0"
encoder-weights = ""
recipe = "fast"
steps = 2
seed = 0
tile = 32
diameter = 12.0
batch = 1
rare = 0.33
replay-share = 0.5
optimiser = "adamw"
loss = "cross-entropy"
rate = 0.002
schedule = "cosine"
momentum = 0.9
decay = 0.01
ema = 0.99
validation = 1.0
validate-every = 2
best-by = "auto"
patience = 0
save-every = 20.0
precision = "auto"
threads = 0
"""
"""What a run of commit a420ccf wrote into its config.toml."""
NOW = settings_for(
    model="unet3p",
    base=2,
    depth=1,
    steps=2,
    tile=32,
    seen_diameter=12.0,
    validation=1,
    validate_every=2,
    grey_values="mean",
    statistics="image",
    hold=0.5,
    empty=0.0,
)


@pytest.fixture
def files(sample_folder):
    train = sample_folder / "train"
    return ("--images", train / "images.tif", "--labels", train / "labels.tif")


def test_an_old_file_says_what_it_said(tmp_path):
    named = {key.replace("-", "_"): value for key, value in tomllib.loads(OLD).items()}
    assert settings_for(**migrated(named, 1, tmp_path)) == NOW


def test_a_run_s_old_file_is_trained_from(cellseg_cli, files, tmp_path):
    (tmp_path / "old.toml").write_text(OLD)
    done = cellseg_cli("train", *files, "--config", tmp_path / "old.toml", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    options = json.loads((tmp_path / "run/config.json").read_text())["options"]
    assert options == json.loads(json.dumps(_tree()))


def test_an_old_run_is_not_resumed_but_gone_on_from(cellseg_cli, files, tmp_path):
    import torch

    run = tmp_path / "run"
    assert cellseg_cli("train", *files, "--out", run, "--steps", 2, "--base", 2, "--depth", 1, "--tile", 32).code == 0
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "format": 1, "options": _as_before(config["options"])}))
    state = torch.load(run / "last.ckpt", weights_only=True)
    torch.save({**state, "format": 2}, run / "last.ckpt")
    assert_refused(cellseg_cli("train", "--out", run, "--resume"), "last.ckpt", "another version", "--from")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("diameter = 30", ("seen-diameter", "format = 3")),
        ("format = 9", ("old.toml", "format is 9")),
        ("format = 'two'", ("format is 'two'",)),
        ("threads = 0", ("--threads is 0", "or auto")),
    ],
)
def test_what_cannot_be_known_is_refused(cellseg_cli, files, tmp_path, text, parts):
    (tmp_path / "old.toml").write_text(text)
    assert_refused(cellseg_cli("train", *files, "--config", tmp_path / "old.toml", "--dry-run"), *parts)


def test_auto_is_not_given_on_the_command_line_and_in_a_file(cellseg_cli, files, tmp_path):
    (tmp_path / "run.toml").write_text('format = 2\nprecision = "auto"\nseen-diameter = 50\nbest_by = "auto"\n')
    words = ("--config", tmp_path / "run.toml", "--seen-diameter", "auto", "--threads", "auto", "--padding", "auto")
    small = ("--steps", 2, "--base", 2, "--depth", 1, "--tile", 32)
    assert cellseg_cli("train", *files, *words, *small, "--out", tmp_path / "run").code == 0
    options = json.loads((tmp_path / "run/config.json").read_text())["options"]
    assert options["train"]["seen_diameter"] is None  # the command line's "auto" takes precedence over the file
    assert options["network"]["padding"] == "valid"
    again = ("--from", tmp_path / "run", "--padding", "auto", "--steps", 1, "--out", tmp_path / "next")
    assert cellseg_cli("train", *files, *again).code == 0


def test_what_python_goes_on_from_is_the_network_in_the_run_folder(files, tmp_path):
    made = {"base": 3, "depth": 1, "steps": 1, "tile": 32, "validation": 1}
    list(cellseg.train(files[1], files[3], out=tmp_path / "one", **made))
    list(cellseg.train(files[1], files[3], out=tmp_path / "two", start=tmp_path / "one", steps=1, tile=32))
    assert json.loads((tmp_path / "two/config.json").read_text())["options"]["network"]["base"] == 3


def test_helps_say_the_recipes_defaults(cellseg_cli):
    told = " ".join(cellseg_cli("train", "--help").out.replace("│", "").split())
    assert "[fast: 4000; quick: 150; paper: 1000; finetune: 300]" in told
    assert "equal to --threshold: off." in " ".join(cellseg_cli("predict", "--help").out.replace("│", "").split())


def _tree():
    from dataclasses import asdict

    return asdict(NOW)


def _as_before(options):
    """Options as they stood in config.json."""
    train = {**options["train"], "threads": 0, "precision": "auto", "best_by": "auto"}
    train["diameter"] = train.pop("seen_diameter") or "auto"
    network = {**options["network"], "padding": "auto", "encoder_weights": "", "guidance": False, "variant": "b0"}
    return {**options, "train": train, "network": network}

"""cellseg train --config: one file for all options, and --dry-run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import assert_refused

SMALL = ("--steps", 4, "--base", 2, "--depth", 1, "--tile", 32, "--validation", 1, "--validate-every", 2)


@pytest.fixture
def files(sample_folder):
    train = sample_folder / "train"
    return ("--images", train / "images.tif", "--labels", train / "labels.tif")


def test_the_run_folder_s_own_file_repeats_the_run(cellseg_cli, files, tmp_path):
    odd = ("--no-rotate", "--rate", 0.003, "--seed", 5, "--ignore-label", 99, "--rare", 0)
    assert cellseg_cli("train", *files, "--out", tmp_path / "one", *SMALL, *odd).code == 0
    done = cellseg_cli("train", "--config", tmp_path / "one/config.toml", "--out", tmp_path / "two")
    assert done.code == 0, done.err
    for name in ("config.toml", "model.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    assert "rotate = false" in (tmp_path / "one/config.toml").read_text()


def test_command_line_then_file_then_recipe(cellseg_cli, files, tmp_path):
    (tmp_path / "run.toml").write_text('recipe = "paper"\nsteps = 3\nvalidate_every = 7\ntile = 32\nw0 = 3\n')
    words = (*files, "--config", tmp_path / "run.toml", "--out", tmp_path / "run", "--steps", 2)
    done = cellseg_cli("train", *words, "--base", 2, "--depth", 1)
    assert done.code == 0, done.err
    options = json.loads((tmp_path / "run/config.json").read_text())["options"]
    assert options["train"]["steps"] == 2  # the command line's
    assert (options["train"]["validate_every"], options["weights"]["w0"]) == (7, 3.0)  # the file's
    assert (options["train"]["momentum"], options["network"]["dropout"]) == (0.99, 0.5)  # the recipe's


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("stepps = 3", ("stepps", "Did you mean steps?")),
        ("validate-evry = 3", ("Did you mean validate-every?",)),
        ("steps = [1, 2]", ("steps", "several values")),
        ("[train]\nsteps = 2", ("train",)),
        ("steps = = 3", ("no TOML", "line 1")),
        ("steps = 'many'", ("steps", "many")),
        ("tile = 0", ("--tile is 0",)),
        ("resume = true", ("--resume on the command line",)),
        ("no-rotate = true", ("no-rotate", "Did you mean rotate?")),
        ("save-every = 3\nsave_every = 4", ("twice",)),
        (f"annotated = '{'9' * 5000}'", ("9999",)),
    ],
    ids=lambda value: value.replace("\n", " ")[:40] if isinstance(value, str) else None,
)
def test_a_wrong_file_is_refused(cellseg_cli, files, tmp_path, text, parts):
    (tmp_path / "run.toml").write_text(text)
    words = ("train", *files, "--config", tmp_path / "run.toml", "--out", tmp_path / "run")
    assert_refused(cellseg_cli(*words), *parts)
    assert not (tmp_path / "run").exists()


def test_no_file(cellseg_cli, tmp_path):
    assert_refused(cellseg_cli("train", "--config", tmp_path / "no.toml", "--out", tmp_path / "run"), "no.toml")


def test_a_dry_run_does_nothing_but_tell(cellseg_cli, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cellseg_cli("train", *files, "--dry-run", "--json")
    assert done.code == 0, done.err
    plan = json.loads(done.out)
    assert plan["data"]["sizes"] == [[96, 96, 4]]
    assert [plan["data"][name] for name in ("images", "validation", "channels", "classes")] == [3, 1, 1, 2]
    assert plan["data"]["cells"] > 10
    assert (plan["steps"], plan["batch"], plan["tile"]) == (1000, 4, 100)
    assert plan["seconds"] > 1
    assert plan["memory_bytes"] > 1e8
    assert any("no image is larger" in note for note in plan["notes"])
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("cellseg.training.expected_cost.step_seconds", lambda *_, **__: 10.0)  # it is not tried here
    told = cellseg_cli("train", *files, "--dry-run", "--recipe", "paper", "--tile", 20, "--out", tmp_path / "run").out
    assert "31,030,658 parameters" in told
    assert "time       about" in told
    assert not list(tmp_path.iterdir())


def test_a_dry_run_refuses_what_the_training_would(cellseg_cli, files, tmp_path):
    assert_refused(cellseg_cli("train", *files, "--dry-run", "--validation", 0, "--patience", 2), "--patience 2")
    assert_refused(cellseg_cli("train", *files, "--dry-run", "--events", "--json"), "--events")
    assert_refused(cellseg_cli("train", *files), "--out")


def test_a_wrong_file_is_told_without_torch(tmp_path):
    (tmp_path / "run.toml").write_text("stepps = 3")
    code = f"""
import sys
from cellseg import cli
assert cli.run(["train", "--config", {str(tmp_path / "run.toml")!r}]) == 2
assert "torch" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_speed_is_that_of_some_measured_steps(files):
    from cellseg.options import DataOptions
    from cellseg.training.data import find_training_pairs, read_training_set
    from cellseg.training.expected_cost import expected_cost
    from cellseg.training.recipes import settings_for
    from cellseg.training.train import make_network, sample_size

    settings = settings_for(base=2, depth=1, tile=32, steps=1000)
    where = DataOptions(images=str(files[1]), labels=str(files[3]))
    data = read_training_set(find_training_pairs(where), settings.labels, 0)
    network = make_network(data, settings)
    cost = expected_cost(data, settings, network, sample_size(data, settings, network.geometry))
    assert cost.seconds > 0.1


def test_a_resumed_run_keeps_its_options(cellseg_cli, run_folder):
    assert_refused(cellseg_cli("train", "--out", run_folder, "--resume", "--steps", 50), "--steps is given", "--resume")


@pytest.mark.parametrize(
    ("encode", "parts"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), None),
        (lambda text: text.replace("\n", "\r").encode(), None),
        (lambda text: text.encode("utf-16"), ("UTF-16", "Save it as UTF-8")),
        (lambda text: text.encode("utf-16-le"), ("UTF-16",)),
        (lambda text: f"# Gr\u00f6\u00dfe\n{text}".encode("cp1252"), ("not UTF-8 (line 1)",)),
        (lambda text: b'images = "C:\\data\\i.tif"\n', ("single quotes",)),
        (lambda text: b'images = "C:\\new.tif"\n', ("single quotes",)),
    ],
    ids=["mark and CRLF", "CR", "UTF-16", "UTF-16 without a mark", "Latin", "escapes", "a line break"],
)
def test_a_file_as_windows_writes_it(tmp_path, encode, parts):
    from cellseg.errors import InputError
    from cellseg.training.config_file import read_config_file

    file = tmp_path / "run.toml"
    file.write_bytes(encode("steps = 3\nbase = 2\n"))
    known = {"--steps", "--base", "--images"}
    if parts is None:
        assert read_config_file(file, known) == {"--steps": 3, "--base": 2}
        return
    with pytest.raises(InputError) as found:
        read_config_file(file, known)
    assert all(part in str(found.value) for part in parts), found.value


def test_paths_in_a_file_are_relative_to_it(tmp_path, monkeypatch):
    """Or to the working folder, as runs wrote them before, where there is nothing beside the file."""
    from cellseg.training.config_file import read_config_file

    beside, here = tmp_path / "beside", tmp_path / "here"
    for folder in (beside / "sub", here):
        folder.mkdir(parents=True)
        (folder / "i.tif").touch()
    (beside / "i.tif").touch()
    monkeypatch.chdir(here)
    found = []
    for text in ("i.tif", "sub\\i.tif", "../here/i.tif", "s*/i.tif", "no.tif"):
        (beside / "run.toml").write_text(f"images = '{text}'")
        found.append(read_config_file(beside / "run.toml", {"--images"})["--images"])
    wanted = ["i.tif", "sub/i.tif", "../here/i.tif", "s*/i.tif", "no.tif"]
    assert found == [str(beside / text) for text in wanted]
    (beside / "i.tif").unlink()
    (beside / "run.toml").write_text("images = 'i.tif'")
    assert read_config_file(beside / "run.toml", {"--images"}) == {"--images": str(here / "i.tif")}


def test_images_that_moved_are_known_by_their_hash(cellseg_cli, sample_folder, tmp_path, monkeypatch):
    import shutil

    monkeypatch.chdir(tmp_path)
    shutil.copytree(sample_folder / "train", "old")
    given = ("--images", "old/images.tif", "--labels", "old/labels.tif")
    assert cellseg_cli("train", *given, "--out", "run", *SMALL).code == 0
    monkeypatch.chdir("old")  # paths of a run stay right elsewhere
    assert cellseg_cli("train", "--out", tmp_path / "run", "--resume").code == 0
    monkeypatch.chdir(tmp_path)
    shutil.move("old", "new")
    assert_refused(cellseg_cli("train", "--out", "run", "--resume"), "not there any more", "--resume --images")
    moved = ("--images", "new/images.tif", "--labels", "new/labels.tif")
    assert_refused(cellseg_cli("train", *moved, "--out", "run", "--resume", "--steps", 9), "--steps is given as 9")
    assert cellseg_cli("train", *moved, "--out", "run", "--resume", "--steps", 4, "--save-every", 5).code == 0
    assert cellseg_cli("train", "--out", "run", "--resume").code == 0  # where they are now was noted
    assert str(tmp_path / "new/images.tif") in (tmp_path / "run/config.toml").read_text()
    shutil.copy("new/labels.tif", "new/others.tif")
    other = ("--images", "new/others.tif", "--labels", "new/labels.tif")
    assert_refused(cellseg_cli("train", *other, "--out", "run", "--resume"), "begun with other images")

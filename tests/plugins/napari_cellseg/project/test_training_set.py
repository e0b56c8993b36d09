"""The training set of a project holds what is annotated, and `cellseg train` learns from it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.annotation import IGNORE, to_training
from napari_cellseg.project.training_set import SURROUNDINGS, main, rectangles, write_training_set

import cellseg
from cellseg.errors import InputError
from tests.forked import Forked


@pytest.fixture
def annotated(project):
    """Two cells on background in the single plane; one in the middle plane of the stack."""
    flat, deep = (project.labels(image) for image in project.images)
    flat[20:60, 20:80] = 1
    flat[30:50, 30:40] = 2
    flat[30:50, 45:60] = 3
    deep[1, 5:30, 500:560] = 1
    deep[1, 10:20, 510:530] = 7
    return project


def test_values():
    assert to_training(np.array([[0, 1, 2, 9]], np.uint32)).tolist() == [[IGNORE, 0, 1, 8]]


def test_files(annotated, tmp_path):
    files = write_training_set(annotated, tmp_path / "set")
    pairs = {path.name: cellseg.open_image(path).read(0)[0] for path in files.labels.iterdir()}
    assert sorted(pairs) == ["deep_p0001_000.tif", "flat_p0000_000.tif"]
    assert sorted(pairs) == sorted(path.name for path in files.images.glob("*.tif"))
    deep = pairs["deep_p0001_000.tif"]
    assert deep.shape == (70, 228)
    assert np.unique(deep).tolist() == [0, 6, IGNORE]
    assert (deep == IGNORE).sum() == deep.size - 25 * 60
    image = cellseg.open_image(files.images / "deep_p0001_000.tif").read(0)
    np.testing.assert_array_equal(image, annotated.source(annotated.images[1]).read(1, None, slice(372, 600)))


def test_it_replaces_an_earlier_one_and_nothing_else(annotated, tmp_path):
    write_training_set(annotated, tmp_path / "set")
    annotated.labels(annotated.images[1])[:] = 0
    files = write_training_set(annotated, tmp_path / "set")
    assert [path.name for path in files.labels.iterdir()] == ["flat_p0000_000.tif"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/precious.tif").touch()
    with pytest.raises(InputError, match="holds other files"):
        write_training_set(annotated, tmp_path / "other")
    assert (tmp_path / "other/precious.tif").exists()


@pytest.mark.parametrize(("value", "said"), [(0, "nothing is annotated"), (1, "no cells"), (2, "no background")])
def test_both_must_be_annotated(value, said, project, tmp_path, capsys):
    project.labels(project.images[0])[5:9, 5:9] = value
    with pytest.raises(InputError, match=said):
        write_training_set(project, tmp_path / "set")
    assert main(str(project.path), str(tmp_path / "set")) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]


sides = st.tuples(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 256), st.integers(1, 256))


@given(st.lists(sides, max_size=30))
def test_rectangles_hold_all_and_are_apart(drawn):
    boxes = [(top, left, top + high, left + wide) for top, left, high, wide in drawn]
    found = rectangles(boxes, 2300, 2400)
    covered = np.zeros((2300, 2400), np.uint8)
    for top, left, bottom, right in found:
        covered[top:bottom, left:right] += 1
    assert covered.max(initial=0) <= 1
    for top, left, bottom, right in boxes:
        around = slice(max(top - SURROUNDINGS, 0), bottom + SURROUNDINGS)
        assert covered[around, max(left - SURROUNDINGS, 0) : right + SURROUNDINGS].all()


def test_a_training_learns_from_it(annotated, tmp_path):
    words = [sys.executable, "-m", "napari_cellseg.project.training_set", str(annotated.path), str(tmp_path / "set")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)
    small = ["--base", "4", "--depth", "2", "--steps", "5"]
    code, said = Forked("train", *files["arguments"], *small, "--dry-run", "--json").finish()
    assert code == 0, said
    plan = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    out = annotated.new_run()
    code, said = Forked("train", *files["arguments"], *small, "--out", out, "--json").finish()
    assert code == 0, said
    assert (plan["data"]["images"], plan["data"]["cells"], plan["data"]["classes"]) == (2, 3, 2)
    assert (out / "model.safetensors").exists()
    assert annotated.runs == [out]

"""One process writes to a project; locks of dead ones are ignored."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest
from napari_cellseg.project.lock import NAME, Holder, claim, release

HOLD = "import sys; from pathlib import Path; from napari_cellseg.project.lock import claim\n"
HOLD += "print(claim(Path(sys.argv[1])), flush=True); sys.stdin.read()"


@pytest.fixture
def other(tmp_path):
    """Another process that has claimed the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "None\n"
    yield process
    process.kill()
    process.communicate()


def test_the_first_has_it_until_it_ends(other, tmp_path):
    assert claim(tmp_path).pid == other.pid
    release(tmp_path)
    assert claim(tmp_path).pid == other.pid, "nobody releases what another one has"
    other.communicate()
    assert list(tmp_path.iterdir()) == [], "it took its lock away"
    assert claim(tmp_path) is None
    assert claim(tmp_path) is None, "two windows of one process share its stores"
    release(tmp_path)


def test_a_killed_process_holds_nothing(other, tmp_path):
    other.kill()
    other.communicate()
    assert (tmp_path / NAME).exists()
    assert claim(tmp_path) is None
    release(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', json.dumps({"pid": 1, "started": 5, "host": platform.node()})])
def test_locks_that_mean_nothing(text, tmp_path):
    (tmp_path / NAME).write_text(text)
    assert claim(tmp_path) is None
    release(tmp_path)


def test_another_computer(tmp_path):
    (tmp_path / NAME).write_text(json.dumps({"pid": os.getpid(), "started": 0, "host": "far away"}))
    assert claim(tmp_path) == Holder(os.getpid(), 0, "far away")

"""One process writes to a project; locks of dead ones are ignored."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import psutil
import pytest
from napari_cellseg.project.lock import HELD, LOCK_NAME, Holder, claim, release

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


def left(folder):
    """What lies in a folder beside the file that the system locks, which says nothing."""
    assert (folder / HELD).read_bytes() == b""
    return [path.name for path in folder.iterdir() if path.name != HELD]


def test_the_first_has_it_until_it_ends(other, tmp_path):
    assert claim(tmp_path).pid == other.pid
    release(tmp_path)
    assert claim(tmp_path).pid == other.pid, "nobody releases what another one has"
    other.communicate()
    assert left(tmp_path) == [], "it took its note away"
    assert claim(tmp_path) is None
    assert claim(tmp_path) is None, "two windows of one process share its stores"
    release(tmp_path)


def test_a_killed_process_holds_nothing(other, tmp_path):
    other.kill()
    other.communicate()
    assert (tmp_path / LOCK_NAME).exists()
    assert claim(tmp_path) is None
    release(tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', json.dumps({"pid": 1, "started": 5, "host": platform.node()})])
def test_locks_that_mean_nothing(text, tmp_path):
    (tmp_path / LOCK_NAME).write_text(text)
    assert claim(tmp_path) is None
    release(tmp_path)


def test_another_computer(tmp_path):
    (tmp_path / LOCK_NAME).write_text(json.dumps({"pid": os.getpid(), "started": 0, "host": "far away"}))
    assert claim(tmp_path) == Holder(os.getpid(), 0, "far away")


def test_a_note_that_is_gone_gives_nobody_else_the_right(other, tmp_path):
    (tmp_path / LOCK_NAME).unlink()
    assert claim(tmp_path) is not None
    other.kill()
    other.communicate()
    assert claim(tmp_path) is None
    release(tmp_path)


def test_a_version_without_the_system_s_lock_is_respected(tmp_path):
    parent = psutil.Process(os.getppid())
    note = {"pid": parent.pid, "started": parent.create_time(), "host": platform.node()}
    (tmp_path / LOCK_NAME).write_text(json.dumps(note))
    assert claim(tmp_path) == Holder(parent.pid, parent.create_time(), platform.node())
    assert json.loads((tmp_path / LOCK_NAME).read_text()) == note


def test_of_several_claims_at_once_one_wins(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    rivals = [subprocess.Popen(command, **pipes) for _ in range(4)]
    said = [rival.stdout.readline() for rival in rivals]
    for rival in rivals:
        rival.kill()
        rival.communicate()
    assert sum(line == "None\n" for line in said) == 1


def test_a_folder_that_cannot_be_written_is_told_as_such(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        claim(tmp_path / "none")

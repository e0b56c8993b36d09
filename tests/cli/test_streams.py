"""Streams that are closed, given up by their reader, full, or of an encoding without our signs do no harm."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from cellseg.cli.streams import HANDLER, LenientStream, prepare_streams
from cellseg.cli.train_events import Lines

posix = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")


@pytest.fixture
def image(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.eye(32, dtype=np.uint8))
    return tmp_path / "a.tif"


def shell(words: str):
    """`cellseg WORDS`, with redirections in them."""
    return subprocess.run(f"'{sys.executable}' -m cellseg {words}", shell=True, capture_output=True, timeout=60)


@posix
@pytest.mark.parametrize("closed", [">&- 2>&- <&-", "2>&-", ">&-"])
def test_closed_streams(image, closed):
    done = shell(f"info '{image}' {closed}")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_result_that_does_not_fit_is_an_error_and_a_message_is_none(image):
    done = shell(f"info '{image}' --json >/dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error:")
    assert shell(f"info '{image}' --json 2>/dev/full").returncode == 0


def broken_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", buffering=1)


@pytest.mark.parametrize("forgives_all", [False, True])
def test_a_reader_that_has_gone(forgives_all):
    pipe = broken_pipe()
    stream = LenientStream(pipe, forgives_all=forgives_all)
    assert stream.write("x\n") == 2
    stream.flush()
    assert stream.encoding == pipe.encoding
    assert stream.reader_gone
    with pytest.raises(BrokenPipeError):
        pipe.close()

    assert stream.write("after it was closed\n")


def test_a_training_ends_when_nobody_hears_its_events(monkeypatch):
    heard = LenientStream(io.StringIO(), forgives_all=False)
    monkeypatch.setattr(sys, "stdout", heard)
    Lines(True, None, None).tell("paused")
    assert not heard.reader_gone
    pipe = broken_pipe()
    monkeypatch.setattr(sys, "stdout", LenientStream(pipe, forgives_all=False))
    Lines(False, None, None).tell("paused")
    with pytest.raises(BrokenPipeError):
        Lines(True, None, None).tell("paused")
    with pytest.raises(BrokenPipeError):
        pipe.close()


def test_a_full_disk_is_forgiven_where_nothing_is_lost():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    assert LenientStream(Full(), forgives_all=True).write("progress") == 8
    with pytest.raises(OSError, match="No space"):
        LenientStream(Full(), forgives_all=False).write("result")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp850", "cp932", "utf-8", "latin-1"])
def test_signs_that_an_encoding_does_not_have(cellseg_cli, image, monkeypatch, encoding):
    """The table of `evaluate` has arrows and lines; names of files may hold what is no Unicode at all."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    prepare_streams()
    assert cellseg_cli("evaluate", image, image).code == 0
    sys.stdout.write("100 µm² ↑ \udcff 漢\n")
    sys.stdout.flush()
    text = written.getvalue().decode(encoding)
    assert "pixel_error ↓" in text or "pixel_error v" in text
    assert "?" in text


def test_substitutes_look_much_the_same():
    assert "v_rand ↑ 3 µm² …漢".encode("ascii", HANDLER) == b"v_rand ^ 3 um2 ...?"


def test_without_streams_as_under_pythonw(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    prepare_streams()
    sys.stdout.write("nobody reads this ↑")
    sys.stderr.flush()
    assert sys.stdin.read() == ""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.close()

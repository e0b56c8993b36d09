"""Two programs that write one name: the second is refused, and a killed one leaves nothing that is in the way."""

import subprocess
import sys

import pytest

from cellseg.errors import InputError
from cellseg.locks import lock_file, refuse_written, sole_writer

HOLD = "import sys, time; from pathlib import Path; from cellseg.locks import sole_writer\n"
HOLD += "with sole_writer(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"


def test_the_second_is_refused_until_the_first_has_ended(tmp_path):
    path = tmp_path / "new" / "out.tif"
    with sole_writer(path):
        with pytest.raises(InputError, match=r"out.tif: is being written by another cellseg"), sole_writer(path):
            raise AssertionError
        with pytest.raises(InputError, match="being written"):
            refuse_written(path)
        with sole_writer(path.with_name("other.tif")):
            refuse_written(path.with_name("third.tif"))
    with sole_writer(path):
        pass
    assert not list(path.parent.iterdir())


def test_an_error_lets_go_of_it(tmp_path):
    with pytest.raises(KeyboardInterrupt), sole_writer(tmp_path / "out.tif"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_another_process_that_is_killed_lets_go_of_it(tmp_path):
    path = tmp_path / "out.tif"
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline().strip() == b"held"
        with pytest.raises(InputError, match="being written"), sole_writer(path):
            raise AssertionError
    finally:
        process.kill()
        process.communicate()
    assert lock_file(path).exists()
    refuse_written(path)
    with sole_writer(path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), sole_writer(tmp_path / "file" / "out.tif"):
        raise AssertionError

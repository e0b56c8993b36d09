"""Real processes with gloo train as one process does."""

import multiprocessing
import sys

import pytest
import torch
from safetensors.torch import load_file

from cellseg.errors import InputError
from cellseg.training import several
from tests.forked import IMPORTED, as_by_torchrun
from tests.training import several_steps


@pytest.mark.skipif(sys.platform == "win32", reason="gloo of Linux and macOS")
def test_steps_of_two_processes_are_those_of_one(tmp_path):
    """In double precision only rounding is left: of norms, drop-out, drop path, ratios in losses, several heads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED, several_steps.__name__])
    for name, environments in (("one", [{"CUDA_VISIBLE_DEVICES": ""}]), ("two", as_by_torchrun(2))):
        processes = [context.Process(target=several_steps.run, args=(tmp_path / name, one)) for one in environments]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * len(processes)
    one, two = load_file(tmp_path / "one"), load_file(tmp_path / "two")
    assert one.keys() == two.keys()
    torch.testing.assert_close(two, one, rtol=1e-10, atol=1e-10)


def test_one_process_alone_does_nothing_of_it():
    part = torch.ones(2, requires_grad=True)
    assert several.summed(part) is part
    assert several.shared(torch.nn.BatchNorm2d(2)) is None
    assert several.share_of(3) == range(3)
    assert several.any_wishes(True)
    assert several.first_says(True)
    assert several.from_first(lambda: b"x") == b"x"


def test_a_batch_that_cannot_be_divided(monkeypatch):
    monkeypatch.setattr(several, "size", lambda: 3)
    with pytest.raises(InputError, match="--batch 4 cannot be divided equally among 3 processes"):
        several.share_of(4)
    with pytest.raises(InputError, match="Choose 3 or 6"):
        several.share_of(1)

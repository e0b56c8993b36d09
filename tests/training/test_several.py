"""Real processes of torchrun with gloo train as one process does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cellseg.errors import InputError
from cellseg.training import several

SCRIPT = Path(__file__).with_name("several_steps.py")
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.mark.skipif(sys.platform == "win32", reason="gloo and torchrun of Linux and macOS")
def test_steps_of_two_processes_are_those_of_one(tmp_path):
    """In double precision only rounding is left: of norms, drop-out, drop path, ratios in losses, several heads."""
    for start, out in (([sys.executable], "one"), (TOGETHER, "two")):
        # warnings would come once a process; CUDA is hidden because GPUs have other kernels
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "error::FutureWarning"}
        done = subprocess.run([*start, SCRIPT, tmp_path / out], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
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

"""`torchrun -m cellseg train`: real processes, one of which is killed; a word of control; wrong input."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch
from safetensors.torch import load_file

from tests.forked import Forked, as_by_torchrun

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and launcher of POSIX")
PLAIN = ("--optimiser", "sgd", "--rate", 0.002, "--momentum", 0.5, "--save-every", 0)
"""AdamW makes whole steps of gradients that are rounding errors, so it would compare chance."""


def launch(*words, processes=2, restarts=0):
    """Start torchrun with `cellseg WORDS`."""
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", processes, "--max-restarts", restarts]
    words = [sys.executable, "-m", *torchrun, "-m", "cellseg", *words]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    pipe = subprocess.PIPE
    return subprocess.Popen(list(map(str, words)), stdout=pipe, stderr=pipe, text=True, env=environment)


def finish(process):
    """Exit code and what was said; all of its processes end."""
    try:
        return process.returncode, *process.communicate(timeout=240)
    finally:
        for child in [*psutil.Process(process.pid).children(recursive=True), process] if process.poll() is None else ():
            child.kill()


def ranks(process):
    """The training processes, first one first."""
    found = psutil.Process(process.pid).children(recursive=True)
    by_rank = {child.environ()["RANK"]: child for child in found if "RANK" in child.environ()}
    return [by_rank[rank] for rank in sorted(by_rank)]


def wait_for(process, condition):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def forked(*words, processes=2):
    """The processes that torchrun would start for `cellseg WORDS`, without the launcher, which is as slow to start."""
    return [Forked(*words, environment=one) for one in as_by_torchrun(processes)]


@pytest.fixture
def words(sample_folder):
    train = sample_folder / "train"
    small = ("--base", 4, "--depth", 2, "--tile", 48, "--validation", 1, "--precision", "float32")
    return ("train", "--images", train / "images.tif", "--labels", train / "labels.tif", *small, *PLAIN)


def losses(run):
    with open(run / "metrics.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_one_is_killed_and_the_result_is_that_of_one_process(words, tmp_path, cellseg_cli):
    words = (*words, "--batch", 4)
    assert cellseg_cli(*words, "--out", tmp_path / "one", "--steps", 16, "--validate-every", 8).code == 0
    process = launch(*words, "--out", tmp_path / "two", "--steps", 16, "--validate-every", 8, restarts=1)
    wait_for(process, (tmp_path / "two/last.ckpt").exists)
    ranks(process)[1].send_signal(signal.SIGKILL)
    _, _, err = finish(process)
    assert process.returncode == 0, err
    assert err.count("done:") == 1
    one, two = (load_file(tmp_path / run / "model.safetensors") for run in ("one", "two"))
    torch.testing.assert_close(two, one, rtol=0, atol=1e-4)
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)


def test_a_word_in_the_control_file_stops_all_at_one_step_and_resume_goes_on(words, tmp_path):
    run = tmp_path / "run"
    process = launch(*words, "--out", run, "--steps", 100_000, "--validate-every", 100_000, restarts=1)
    wait_for(process, (run / "last.ckpt").exists)
    (run / "control").write_text("pause")
    time.sleep(1)
    (run / "control").write_text("stop")
    finish(process)
    assert process.returncode == 0  # else torchrun would start it anew
    done = len(losses(run))
    assert torch.load(run / "last.ckpt", weights_only=True)["step"] == done
    first, second = forked(*words, "--out", run, "--steps", 100_000, "--validate-every", 100_000, "--resume")
    while torch.load(run / "last.ckpt", weights_only=True)["step"] <= done:
        assert first.poll() is None, first.finish()
        time.sleep(0.02)
    second.send(signal.SIGTERM)
    (code, err), (other, _) = first.finish(), second.finish()
    assert (code, other) == (0, 0), err
    assert "stopped; go on with" in err


def test_each_process_has_a_sample_of_every_step(words, tmp_path):
    """One sample a step, as the recipe has it, cannot be shared."""
    ended = [
        process.finish()
        for process in forked(*words, "--batch", 1, "--out", tmp_path / "run", "--steps", 2, processes=3)
    ]
    assert [code for code, _ in ended] == [0, 0, 0], ended
    assert "".join(err for _, err in ended).count("--batch 3 instead of 1") == 1
    assert json.loads((tmp_path / "run/config.json").read_text())["options"]["train"]["batch"] == 3


WRONG = {"--batch 3 cannot be divided": ("--batch", 3), "QQ": ("--axes", "QQ"), "stps": ("--stps", 3)}


def test_what_is_wrong_is_said_once(words, tmp_path):
    """All at once, as each waits some seconds for the first process."""
    started = {said: forked(*words, *wrong, "--out", tmp_path / "run") for said, wrong in WRONG.items()}
    for said, processes in started.items():
        ended = [process.finish() for process in processes]
        assert all(code != 0 for code, _ in ended), ended
        lines = [line for _, err in ended for line in err.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, ended
        assert said in lines[0]
    assert not (tmp_path / "run").exists()

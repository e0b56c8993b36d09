"""Planned beside measured: time and memory of whole trainings and predictions, for each network.

python -m pytest -m benchmark -s tests/benchmarks/test_cost_model.py

Each training and prediction is the command that people call, in a process of its own; memory is the peak of that
process, time is counted from its first step or tile to its end. On a busy machine times are noise: the plan is asked
before and after, and the mean of both stands beside what was measured between.
"""

import json
import os
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np
import pytest

import cellseg
from cellseg.images.write import write_stack
from cellseg.samples.sample import make_sample

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
STEPS, SIDE, COUNT, LARGE = 40, 320, 5, 1536
PREDICT = """
import json, sys
from pathlib import Path
from time import perf_counter
import cellseg
from cellseg.allocator import keep_memory
from cellseg.images.open import open_image
from cellseg.inference.segment import segment
from cellseg.options import PredictOptions
keep_memory()
model, image, out = sys.argv[1:]
events = segment(cellseg.load(model), open_image(Path(image)), Path(out), PredictOptions(precision="float32"))
plan = next(events)
began = perf_counter()
for _ in events:
    pass
print(json.dumps({"seconds": plan.seconds, "memory_bytes": plan.memory_bytes, "took": perf_counter() - began}))
"""


class Cost(NamedTuple):
    seconds: float
    bytes: float


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Drawn images, their labels, and a larger one."""
    folder = tmp_path_factory.mktemp("drawn")
    made = [make_sample("touching", (SIDE, SIDE), np.random.default_rng(k)) for k in range(COUNT)]
    for name, stack in zip(("images.tif", "labels.tif"), zip(*made, strict=True), strict=True):
        write_stack(folder / name, np.stack(stack), "ZYX")
    large = make_sample("touching", (LARGE, LARGE), np.random.default_rng(9))[0]
    write_stack(folder / "large.tif", large[None], "ZYX")
    return folder


def run(*words):
    """Lines of standard output with the time of each, and the peak of the process's memory in bytes."""
    with subprocess.Popen([sys.executable, *map(str, words)], stdout=subprocess.PIPE, text=True) as child:
        lines = [(time.perf_counter(), line) for line in child.stdout]
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return lines, used.ru_maxrss * 1024


def planned_training(words):
    plan = json.loads(run(*words, "--dry-run", "--json")[0][-1][1])
    return Cost(plan["seconds"], plan["memory_bytes"])


def measured_training(words, out):
    lines, peak = run(*words, "--events", "--out", out)
    events = [(at, json.loads(line)) for at, line in lines]
    began = max(at for at, event in events if event["event"] == "weighed")
    ended = next(at for at, event in events if event["event"] == "finished")
    return Cost(ended - began, peak)


def test_trainings_and_predictions_beside_their_plans(files, tmp_path):
    rows = []
    for name in cellseg.list_models():
        words = ("-m", "cellseg", "train", "--images", files / "images.tif", "--labels", files / "labels.tif")
        words += ("--validation", 1, "--model", name, "--steps", STEPS, "--validate-every", STEPS)
        plans = [planned_training(words)]
        found = measured_training(words, tmp_path / name)
        plans.append(planned_training(words))
        rows.append((name, "training", Cost(*np.mean(plans, axis=0)), found))
        lines, peak = run("-c", PREDICT, tmp_path / name, files / "large.tif", tmp_path / f"{name}.tif")
        told = json.loads(lines[-1][1])
        rows.append((name, "prediction", Cost(told["seconds"], told["memory_bytes"]), Cost(told["took"], peak)))
        tell(*rows[-2])
        tell(*rows[-1])
    wrong = [f"{name} {job}" for name, job, plan, found in rows if not fits(plan, found)]
    assert not wrong, f"planned too far from measured: {', '.join(wrong)}"


def fits(plan, found):
    return max(plan.seconds / found.seconds, found.seconds / plan.seconds) < 1.5 and (
        max(plan.bytes / found.bytes, found.bytes / plan.bytes) < 1.3
    )


def tell(name, job, plan, found):
    print(
        f"{name:10} {job:10} time {plan.seconds:6.1f} s planned {found.seconds:6.1f} measured "
        f"({plan.seconds / found.seconds:.2f}); memory {plan.bytes / 1e6:5.0f} MB planned "
        f"{found.bytes / 1e6:5.0f} measured ({plan.bytes / found.bytes:.2f})",
        flush=True,
    )

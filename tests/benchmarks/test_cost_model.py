"""Planned and measured time and memory of a training step and of a prediction, for each network.

Run by `python -m pytest -m benchmark --benchmark-enable -s tests/benchmarks/test_cost_model.py`, on an idle machine.
"""

import json
import subprocess
import sys

import pytest

import cellseg

pytestmark = pytest.mark.benchmark

STEP = """
import json, resource, statistics, sys, time
import torch
from cellseg.models.cost import parameters, training_bytes
from cellseg.models.registry import build_for
from cellseg.training.estimate import PARAMETER_BYTES, PROGRAM_BYTES
from cellseg.training.expected_cost import OVERHEAD, step_seconds
from cellseg.training.recipes import settings_for
settings = settings_for("fast", model=sys.argv[1])
network, _ = build_for(settings.network, 1, 2)
side = network.geometry.input_size(204)
size = side, network.geometry.output_size(side)
planned = PROGRAM_BYTES + OVERHEAD * training_bytes(network, (1, 1, side, side)) + parameters(network) * PARAMETER_BYTES
seconds = [step_seconds(settings, network, 1, size) for _ in range(3)]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"planned": planned, "peak": peak, "first": seconds[0], "later": statistics.median(seconds[1:])}))
"""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", cellseg.list_models())
def test_a_training_step(name):
    done = subprocess.run([sys.executable, "-c", STEP, name], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    memory, time = found["planned"] / found["peak"], found["first"] / found["later"]
    print(
        f"{name:11} memory {found['planned'] / 1e6:5.0f} MB planned, {found['peak'] / 1e6:5.0f} measured ({memory:.2f})"
    )
    print(f"{'':11} step {found['first']:.3f} s planned, {found['later']:.3f} measured ({time:.2f})")
    assert 1 / 1.3 < memory < 1.3
    assert 1 / 1.5 < time < 1.5

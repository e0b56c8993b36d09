"""Sizes are found without torch's compiler, and are the true ones."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from cellseg.models.registry import NETWORKS
from cellseg.models.shapes import LAYERS, WithoutNumbers

SMALL = {"base": 2}
HEAVY = {"torch._dynamo", "sympy"}
CODE = """
import sys
from cellseg.models.cost import forward_bytes
from cellseg.models.registry import NETWORKS, build
from cellseg.models.table import rows
rows()
for name in NETWORKS:
    network = build(name)
    side = network.geometry.input_size(64)
    forward_bytes(network, (1, network.options.channels, side, side))
print(*sys.modules)
"""


def test_no_network_needs_torchs_compiler_to_know_its_sizes_and_costs():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


class Sizes(WithoutNumbers):
    """Every layer's name and sizes; on real tensors torch does what it does."""

    def __init__(self):
        super().__init__()
        self.found = []

    def note(self, function, args, result):
        tensors = [x for x in (result if isinstance(result, tuple) else (result,)) if isinstance(x, torch.Tensor)]
        if function in LAYERS:
            self.found.append((str(function), [tuple(x.shape) for x in tensors], [x.dtype for x in tensors]))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_sizes_are_those_of_real_tensors(name, mode):
    entry = NETWORKS[name]
    network = entry.make(entry.options(**SMALL if "base" in entry.options.__dataclass_fields__ else {})).eval()
    side = network.geometry.input_size(1)
    sizes = []
    for device in ("cpu", "meta"):
        with mode(), Sizes() as seen:
            network.to(device)(torch.zeros(1, network.options.channels, side, side, device=device))
        sizes.append([(name, *rest) for name, *rest in seen.found])
    assert len(sizes[1]) > 10
    assert sizes[0] == sizes[1]

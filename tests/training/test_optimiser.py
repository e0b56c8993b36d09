"""The optimisers take the steps of torch's, without its compiler."""

import subprocess
import sys

import pytest
import torch

import cellseg
from cellseg.training.optimiser import optimiser_of

CODE = """
import sys
import torch
import cellseg
from cellseg.training.optimiser import optimiser_of
network = torch.nn.Linear(2, 2)
optimiser = optimiser_of(network, cellseg.settings_for().train)
network(torch.ones(1, 2)).sum().backward()
optimiser.step()
optimiser.load_state_dict(optimiser.state_dict())
optimiser.zero_grad()
assert "torch._dynamo" not in sys.modules
"""


def test_torchs_compiler_is_not_loaded():
    subprocess.run([sys.executable, "-c", CODE], check=True)


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW)])
def test_its_steps_and_states_are_torchs(name, kind):
    options = cellseg.settings_for(optimiser=name, rate=0.1, decay=0.01, momentum=0.9).train
    torch.manual_seed(0)
    ours, theirs = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    theirs.load_state_dict(ours.state_dict())
    momentum = {"betas": (0.9, 0.99)} if name == "adamw" else {"momentum": 0.9}
    pair = (
        (ours, optimiser_of(ours, options)),
        (theirs, kind(theirs.parameters(), lr=0.1, weight_decay=0.01, **momentum)),
    )
    for _ in range(3):
        for network, optimiser in pair:
            optimiser.zero_grad(set_to_none=True)
            network(torch.arange(3.0)).square().sum().backward()
            optimiser.step()
            optimiser.load_state_dict(optimiser.state_dict())
    assert torch.equal(ours.weight, theirs.weight)
    states = [optimiser.state_dict() for _, optimiser in pair]
    assert states[0].keys() == states[1].keys()
    assert str(states[0]["param_groups"]) == str(states[1]["param_groups"])

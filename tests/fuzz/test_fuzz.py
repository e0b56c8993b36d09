"""Some damaged inputs at every door; `make fuzz` gives it more of them."""

from __future__ import annotations

import logging
import sys
import time

import pytest

from .doors import DOORS
from .harness import Corpus

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it"),
    pytest.mark.filterwarnings("ignore"),
]
FEWEST, MOST = 5, 60
SECONDS = 0.3
"""Time of a door, after its fewest inputs."""


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_damaged_inputs_are_read_or_refused(door, tmp_path, monkeypatch):
    for module in door.needs:
        pytest.importorskip(module)
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    corpus, start = Corpus(door, tmp_path / "inputs"), time.process_time()
    for number in range(MOST):
        found = corpus.attempt(number)
        assert found in ("read", "refused"), f"input {number}: {found}"
        if number >= FEWEST and time.process_time() - start > SECONDS:
            break


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_undamaged_inputs_are_read(door, tmp_path, monkeypatch):
    for module in door.needs:
        pytest.importorskip(module)
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    for path, _ in Corpus(door, tmp_path / "inputs").inputs:
        door.enter(path)

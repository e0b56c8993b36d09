"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("cellseg", deadline=None, print_blob=True)  # machines are noisy
settings.load_profile("cellseg")

# Tiny networks on a busy machine: threads that wait for one another cost more than they bring.
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of public data sets named by CELLSEG_DATA; the test is skipped without it."""
    folder = os.environ.get("CELLSEG_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CELLSEG_DATA names no folder with the public data sets")
    return Path(folder).resolve()


os.environ.setdefault("QT_QPA_PLATFORM", "xcb")  # the platform "offscreen" renders no canvas


def pytest_collection_finish() -> None:
    """What was imported stays; the garbage collections that each test of a window asks for need not visit it."""
    gc.collect()
    gc.freeze()

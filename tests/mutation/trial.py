"""Whether tests notice a mutant: they are run in a copy of the repository, of which one module has the fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .mutants import Mutant
from .stages import Stage

ROOT = Path(__file__).parents[2]
COPIED = ("cellseg", "tests", "plugins", "pyproject.toml")
PLUGINS = ("pytest_timeout", "pytest_benchmark.plugin", "_hypothesis_pytestplugin")
"""No others: those of windows take longer to import than the tests of a stage take."""
PYTEST = (
    "-m",
    "pytest",
    "-x",
    "-q",
    "--hypothesis-seed=0",
    "-p",
    "no:cacheprovider",
    *(f"-p{name}" for name in PLUGINS),
)
MEMORY = 2**34
"""Bytes of address space of a run: a mutant may ask for any."""


def copy(folder: Path) -> None:
    """Copy what the tests need."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def seconds_of(folder: Path, stage: Stage) -> float:
    """How long a stage's tests take, of which each passes, or this program ends."""
    _passes(folder, stage, None)  # numba compiles now and keeps it
    start = time.monotonic()
    if not _passes(folder, stage, None):
        sys.exit(f"the tests of {stage.name} fail without a mutant")
    return time.monotonic() - start


def killed(folder: Path, stage: Stage, mutant: Mutant, seconds: float) -> bool:
    """Whether a test fails, or the tests take longer than `seconds`."""
    file = folder / mutant.module
    source, times = file.read_text(encoding="utf-8"), file.stat()
    file.write_text(mutant.code(source), encoding="utf-8")
    try:
        return not _passes(folder, stage, seconds)
    finally:
        file.write_text(source, encoding="utf-8")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _passes(folder: Path, stage: Stage, seconds: float | None) -> bool:
    own = {
        "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "plugins")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "CELLSEG_DATA": "",
    }
    child = subprocess.Popen(
        [sys.executable, *PYTEST, *stage.tests],
        cwd=folder,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_limited if os.name == "posix" else None,
    )
    try:
        return child.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return False


def _limited() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

"""Real windows: under Xvfb, with the Debian packages that Qt needs."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys

import pytest

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""What a window needs on Linux, and the Debian package that has it."""


def missing_packages() -> list[str]:
    """Debian packages without which no window opens."""
    if not sys.platform.startswith("linux"):
        return []
    programs = {"Xvfb": "xvfb", "xauth": "xauth"}
    return [package for name, package in programs.items() if not shutil.which(name)] + [
        package for library, package in LIBRARIES.items() if not _loads(library)
    ]


def advice(missing: list[str]) -> str:
    """What to do about missing packages, in one line."""
    return f"no window can be opened: apt-get install {' '.join(missing)} fonts-dejavu-core"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch) -> None:
    """No test remembers anything in the home of whoever runs it."""
    monkeypatch.setenv("CELLSEG_STATE", str(tmp_path_factory.mktemp("state")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the packages the tests of the window are skipped, or fail where CI is to show that they pass."""
    missing = missing_packages()
    mine = [item for item in items if "napari_cellseg" in item.path.parts]
    if missing and mine:
        line = advice(missing)
        if os.environ.get("CI"):
            raise pytest.UsageError(line)
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=line))
        items[0].config.stash.setdefault(MISSING, line)


MISSING = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what is to be installed."""
    if MISSING in config.stash:
        terminalreporter.write_line(f"tests of the napari plugin were skipped: {config.stash[MISSING]}")

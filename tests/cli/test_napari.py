"""`cellseg napari` starts a window of its own, or says in a line why it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import cellseg

WATCH = """
import json, os, sys, threading, time

def watch():
    while True:
        time.sleep(0.2)
        widgets, module = sys.modules.get("qtpy.QtWidgets"), sys.modules.get("napari.viewer")
        if not (module and getattr(widgets, "QApplication", None) and widgets.QApplication.instance()):
            continue  # nothing of Qt may be imported here: it would take this thread for the main one
        viewer = getattr(module, "current_viewer", lambda: None)()
        window = viewer and getattr(viewer, "window", None)
        docks = window.dock_widgets if window else {}
        if docks:
            break
    from qtpy.QtCore import QMetaObject, Qt
    with open(os.environ["SEEN"], "w") as file:
        json.dump({"layers": [layer.name for layer in viewer.layers], "docks": list(docks)}, file)
    QMetaObject.invokeMethod(viewer.window._qt_window, "close", Qt.ConnectionType.QueuedConnection)

if "napari_cellseg" in " ".join(sys.orig_argv):
    threading.Thread(target=watch, daemon=True).start()
    late = threading.Timer(90, os._exit, (9,))
    late.daemon = True
    late.start()
"""
"""Runs in the window's process: says what is there, and closes the window."""


def start(*arguments, **environment):
    command = [sys.executable, "-m", "cellseg", "napari", *map(str, arguments)]
    env = {name: value for name, value in (os.environ | environment).items() if value}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)


def refused(done):
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_the_window_opens_with_the_image_and_the_dock(tmp_path):
    pytest.importorskip("napari")
    if sys.platform.startswith("linux") and not (shutil.which("Xvfb") and os.environ.get("DISPLAY")):
        pytest.skip("no display")
    cellseg.write_stack(tmp_path / "cells.tif", np.arange(100, dtype=np.uint8).reshape(10, 10))
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    seen = tmp_path / "seen.json"
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = start(tmp_path / "cells.tif", PYTHONPATH=path, SEEN=str(seen), NAPARI_CONFIG=str(tmp_path / "settings.yaml"))
    assert done.returncode == 0, done.stderr
    assert json.loads(seen.read_text()) == {"layers": ["cells.tif"], "docks": ["cellseg (cellseg-unet)"]}


def test_an_image_that_is_not_there(tmp_path):
    assert "none.tif: is not there" in refused(start(tmp_path / "none.tif"))


@pytest.mark.parametrize(("missing", "wanted"), [("napari", "napari is not installed"), ("Qt", "no Qt is installed")])
def test_without_napari_or_qt(tmp_path, missing, wanted):
    hidden = "('napari',)" if missing == "napari" else "('PyQt6', 'PySide6', 'PyQt5', 'PySide2')"
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        f"util.find_spec = lambda name, *more: None if name in {hidden} else find(name, *more)\n"
    )
    line = refused(start(PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])))
    assert wanted in line
    assert 'pip install ".[napari]" PyQt6' in line


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_without_a_display():
    pytest.importorskip("napari")
    assert "no display" in refused(start(DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM=""))

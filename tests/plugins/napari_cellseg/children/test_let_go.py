"""Programs and threads whose panel goes, or whose window ends, while they work: nothing crashes, nothing stays."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

PANEL_IN_A_CYCLE = """
import gc, sys
from qtpy.QtWidgets import QApplication, QWidget
from napari_cellseg.children.latest import Latest

app = QApplication([])
sys.setswitchinterval(1e-5)
for _ in range(300):
    panel = QWidget()
    panel.latest, panel.itself = Latest(panel), panel
    panel.latest.ask(int)
    app.processEvents()
    del panel
    gc.collect()
print("done")
"""
NOBODY_CLOSES_IT = """
import gc
from qtpy.QtWidgets import QApplication, QWidget
from napari_cellseg.children.service import Service

app = QApplication([])
panel = QWidget()
panel.service, panel.itself = Service("napari_cellseg.measure.worker"), panel
panel.service.send({"do": "nothing"})
print(int(panel.service.child._process.processId()))
del panel
gc.collect()
"""


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


@pytest.mark.usefixtures("qapp")  # a screen
def test_a_panel_may_be_collected_with_its_thread():
    done = run(PANEL_IN_A_CYCLE)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.usefixtures("qapp")
def test_a_program_that_nobody_closes_ends_with_the_window():
    done = run(NOBODY_CLOSES_IT)
    assert done.returncode == 0, done.stderr
    assert "Destroyed while" not in done.stderr
    assert not psutil.pid_exists(int(done.stdout))

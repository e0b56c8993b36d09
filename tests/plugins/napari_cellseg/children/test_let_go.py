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
QUITS_AMIDST_TASKS = """
import sys
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QWidget
from napari_cellseg.children.tasks import Tasks

app = QApplication([])
sys.setswitchinterval(1e-5)
panel = QWidget()
tasks = Tasks(panel)

def start():
    for _ in range(20):
        tasks.run(lambda: sum(range(10000)), id, id)
    QTimer.singleShot(int(sys.argv[1]), app.quit)

QTimer.singleShot(0, start)
app.exec()
"""
WINDOW_CLOSED_AT_ONCE = """
import sys, time
from pathlib import Path
from qtpy.QtWidgets import QApplication, QWidget
from napari_cellseg.children.tasks import Tasks

app = QApplication([])
panel = QWidget()
tasks = Tasks(panel)

def write():
    time.sleep(0.5)
    Path(sys.argv[1]).write_text("whole")

tasks.run(write, print, print)
panel.deleteLater()
app.processEvents()
del app, panel, tasks
"""
"""While something is written in a thread."""
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


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )


@pytest.mark.usefixtures("qapp")  # a screen
def test_a_panel_may_be_collected_with_its_thread():
    done = run(PANEL_IN_A_CYCLE)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("ms", [0, 1, 2, 3])
def test_the_window_may_end_while_tasks_begin(ms):
    done = run(QUITS_AMIDST_TASKS, ms)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("qapp")
def test_what_is_written_is_written_whole_where_the_window_is_closed_meanwhile(tmp_path):
    done = run(WINDOW_CLOSED_AT_ONCE, tmp_path / "file.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "file.txt").read_text() == "whole"


@pytest.mark.usefixtures("qapp")
def test_a_program_that_nobody_closes_ends_with_the_window():
    done = run(NOBODY_CLOSES_IT)
    assert done.returncode == 0, done.stderr
    assert "Destroyed while" not in done.stderr
    assert not psutil.pid_exists(int(done.stdout))

"""One thread beside the window: in order, told in the window's thread, and safe when the panel goes."""

from __future__ import annotations

import gc
import re
import threading
from pathlib import Path

import napari_cellseg
import pytest
from napari_cellseg.children.thread import WorkThread
from qtpy.QtWidgets import QApplication, QWidget


@pytest.fixture
def panel(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_jobs_are_handed_over_in_order_in_the_window_s_thread(qtbot, panel):
    told, thread = [], WorkThread(panel)
    for number in range(5):
        thread.do(lambda number=number: number, lambda job: told.append((job.result(), threading.current_thread())))
    qtbot.waitUntil(lambda: len(told) == 5)
    assert told == [(number, threading.main_thread()) for number in range(5)]


def test_an_error_is_handed_over(qtbot, panel):
    told = []
    WorkThread(panel).do(lambda: 1 / 0, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert isinstance(told[0].exception(), ZeroDivisionError)


def test_nobody_is_told_once_it_is_closed(qtbot, panel):
    told, go_on, thread = [], threading.Event(), WorkThread(panel)
    thread.do(go_on.wait, told.append)
    thread.do(int, told.append)
    go_on.set()
    thread.close()
    qtbot.wait(50)
    assert told == []


def test_what_is_told_may_close_the_panel(qtbot):
    told, panel = [], QWidget()
    thread = WorkThread(panel)
    thread.do(int, lambda _: (told.append("first"), sip_delete(panel)))
    thread.do(int, lambda _: told.append("second"))
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(50)
    assert told == ["first"]


def sip_delete(widget):
    """End a widget at once, as a window that is closed does."""
    from PyQt6 import sip

    sip.delete(widget)


def test_nobody_is_told_once_the_panel_is_gone(qtbot):
    told, go_on, panel = [], threading.Event(), QWidget()
    panel.thread = WorkThread(panel)
    panel.thread.do(go_on.wait, told.append)
    del panel
    gc.collect()
    go_on.set()
    qtbot.wait(50)
    QApplication.processEvents()
    assert told == []


def test_no_other_thread_of_the_plugin_may_send_signals():
    """A signal from a thread crashes where its sender is deleted meanwhile, as by napari's own workers at the end."""
    folder = Path(napari_cellseg.__file__).parent
    makers = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if "PoolExecutor" in path.read_text("utf8")
    }
    assert makers == {"children/thread.py"}
    workers = re.compile(r"create_worker|thread_worker|QThread")
    assert [path.name for path in folder.rglob("*.py") if workers.search(path.read_text("utf8"))] == []

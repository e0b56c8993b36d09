"""Whoever closes the window is asked where something would be lost; nobody is held by the question."""

from __future__ import annotations

import gc
import weakref

import pytest
from napari_cellseg.close_guard import CloseGuard
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QMainWindow, QWidget


class Dock(QWidget):
    """Says what speaks against closing."""

    def __init__(self, window, reasons):
        super().__init__()
        self._said = reasons
        CloseGuard(window, self.reasons)

    def reasons(self):
        return self._said


class ByHand(QCloseEvent):
    """A window is closed with the mouse."""

    def spontaneous(self):
        return True


@pytest.mark.parametrize(
    ("reasons", "answer", "kept"), [(["a training runs"], False, True), (["it runs"], True, False), ([], False, False)]
)
def test_it_asks_and_lets_go(qtbot, monkeypatch, reasons, answer, kept):
    asked = []
    monkeypatch.setattr(CloseGuard, "ask", lambda _, why: (asked.append(why), answer)[1])
    window = QMainWindow()
    window.setCentralWidget(Dock(window, reasons))
    guard, event = next(child for child in window.children() if isinstance(child, CloseGuard)), ByHand()
    assert guard.eventFilter(window, event) == kept
    assert event.isAccepted() != kept
    assert asked == ([reasons] if reasons else [])
    assert window.close(), "a program that closes the window is not asked"
    held = weakref.ref(window)
    del window, guard
    gc.collect()
    assert held() is None

"""Question before the window is closed, where something would be lost or interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMessageBox, QWidget


class CloseGuard(QObject):
    """Asks when somebody closes the window with the mouse or a key; a program that closes it is not asked.

    It belongs to the window, and holds neither that nor who is asked for reasons: both may go.
    """

    def __init__(self, window: QWidget, reasons: Callable[[], list[str]]) -> None:
        """`reasons` is a method that gives sentences on what speaks against it."""
        super().__init__(window)
        self._reasons = WeakMethod(reasons)
        window.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Keep the window open where somebody says so."""
        if event.type() != QEvent.Type.Close or not event.spontaneous():
            return False
        ask_for = self._reasons()
        reasons = [] if ask_for is None else ask_for()
        if not reasons or self.ask(reasons):
            return False
        event.ignore()
        return True

    def ask(self, reasons: list[str]) -> bool:
        """Ask whether the window is to be closed all the same."""
        buttons, words = QMessageBox.StandardButton, "\n\n".join(reasons)
        window: Any = self.parent()
        answer = QMessageBox.question(window, "Close the window?", words, buttons.Close | buttons.Cancel)
        return bool(answer == buttons.Close)

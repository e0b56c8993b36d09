"""A child that answers with one object, or with what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.child import Child
from napari_cellseg.children.words import why


class Errand(QObject):
    """One run of `python -m MODULE ...` whose answer is an object on standard output."""

    answered = Signal(dict)
    failed = Signal(str)

    def __init__(self, arguments: Sequence[str], *, codes: Collection[int] = (0,)) -> None:
        """`codes` are those of an exit with an answer."""
        super().__init__()
        self._answer: dict[str, Any] | None = None
        self._codes = codes
        self._given_up = False
        self.child = Child(arguments)
        self.child.told.connect(self._on_told)
        self.child.ended.connect(self._on_child_ended)

    def start(self) -> None:
        """Send it off."""
        self.child.start()

    def give_up(self) -> None:
        """End it; nothing is told."""
        self._given_up = True
        if self.child.running:
            self.child.kill()
            self.child.close()

    def _on_told(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def _on_child_ended(self, code: int) -> None:
        if not self._given_up:
            self._tell(code)

    def _tell(self, code: int) -> None:
        if self._answer is not None and "error" in self._answer:
            self.failed.emit(str(self._answer["error"]))
        elif code in self._codes and self._answer is not None:
            self.answered.emit(self._answer)
        else:
            self.failed.emit(why(list(self.child.words), code))

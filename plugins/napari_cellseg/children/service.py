"""The child of one panel: started when it is first needed, and again after it died."""

from __future__ import annotations

from collections import deque
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.child import Child

WORDS = 3


class Driver(QObject):
    """Sends orders; an order that comes before the child is ready waits."""

    told = Signal(dict)
    died = Signal(str)
    """The child ended without being asked to; what it said last."""

    def __init__(self, module: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._module = module
        self._child: Child | None = None
        self._ready = False
        self._waiting: list[dict[str, Any]] = []
        self._words: deque[str] = deque(maxlen=WORDS)

    @property
    def child(self) -> Child | None:
        return self._child

    def send(self, order: dict[str, Any]) -> None:
        if self._child is None:
            self._start()
        if self._ready and self._child is not None:
            self._child.send(order)
        else:
            self._waiting.append(order)

    def close(self) -> None:
        """End the child; it keeps what it has done."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()  # what is done is on disk, and a tile may take long
            child.close()
            child.deleteLater()

    def _start(self) -> None:
        self._ready = False
        self._words.clear()
        self._child = child = Child([self._module], self)
        child.told.connect(self._on_told)
        child.said.connect(self._words.append)
        child.ended.connect(lambda _: self._on_ended(child))
        child.start()

    def _on_told(self, told: dict[str, Any]) -> None:
        if told["event"] == "ready" and self._child is not None:
            self._ready = True
            for order in self._waiting:
                self._child.send(order)
            self._waiting.clear()
        self.told.emit(told)

    def _on_ended(self, child: Child) -> None:
        if child is not self._child:
            return
        self._child, self._ready = None, False
        self._waiting.clear()
        child.deleteLater()
        self.died.emit(" / ".join(self._words))

"""A program of the plugin's own that takes orders: started when it is first needed, and again after it died."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.child import Child


class Service(QObject):
    """Sends orders to a module that answers with `children.serving`; those that come before it is ready wait."""

    told = Signal(dict)
    """An event: the answer to an order, or how far it is."""
    died = Signal(str)
    """The child ended without being asked to; its last words."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self._module = module
        self._child: Child | None = None
        self._ready = False
        self._waiting: list[dict[str, Any]] = []

    @property
    def child(self) -> Child | None:
        """The program, where it runs."""
        return self._child

    def send(self, order: dict[str, Any]) -> None:
        """Have an order done; `do` names its handler."""
        if self._child is None:
            self._start()
        if self._ready and self._child is not None:
            self._child.send(order)
        else:
            self._waiting.append(order)

    def close(self) -> None:
        """End the child, which keeps what it has done; nothing more is told."""
        child, self._child = self._child, None
        self._ready = False
        self._waiting.clear()
        if child is not None:
            child.kill()  # what is done is on disk, and a tile may take long
            child.close()
            child.discard()

    def _start(self) -> None:
        self._ready = False
        self._child = child = Child([self._module])
        child.told.connect(self._on_told)
        child.ended.connect(lambda _: self._on_child_ended(child))
        child.start()

    def _on_told(self, told: dict[str, Any]) -> None:
        if self._child is None:
            return
        if told["event"] == "ready":
            self._ready = True
            waiting, self._waiting = self._waiting, []
            for order in waiting:
                self._child.send(order)
        self.told.emit(told)

    def _on_child_ended(self, child: Child) -> None:
        if child is not self._child:
            return
        self._child, self._ready = None, False
        self._waiting.clear()
        child.discard()
        self.died.emit(" / ".join(child.words))

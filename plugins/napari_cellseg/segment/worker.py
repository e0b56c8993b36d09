"""The child that predicts: `python -m napari_cellseg.segment.worker` (see `children.serving`).

Orders open, show, predict, apply and save run one after the other; cut runs beside them, and of several that wait only
the last; cancel stops what runs and forgets what waits; near changes what comes next.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

import numpy as np

import cellseg
from napari_cellseg.children.serving import READY, Order, failure, orders, tell
from napari_cellseg.segment.engine import Cancelled, Engine

_NO_MEMORY = "not enough memory. Choose a smaller tile under More, or close other programs."
Handler = Callable[[Order], None]


class Worker:
    """Hands orders to the engine in threads, so that none waits for a tile that need not."""

    def __init__(self) -> None:
        self._engine = engine = Engine(tell)
        self._work: queue.Queue[Order] = queue.Queue()
        self._cuts: queue.Queue[Order] = queue.Queue()
        self._at_once: dict[str, Handler] = {"cancel": self._on_cancel, "near": engine.near, "cut": self._on_cut}
        self._in_turn: dict[str, Handler] = {
            "open": engine.open,
            "show": engine.show,
            "predict": engine.predict,
            "apply": engine.apply,
            "save": engine.save,
        }

    def run(self) -> None:
        """Hear orders until there are no more."""
        for name, do in (("work", self._do_work), ("cuts", self._do_cuts)):
            threading.Thread(target=do, name=name, daemon=True).start()
        tell(READY)
        for order in orders():
            self._at_once.get(order["do"], self._work.put)(order)

    def _on_cancel(self, _order: Order) -> None:
        _empty(self._work)
        self._engine.cancel()

    def _on_cut(self, order: Order) -> None:
        _empty(self._cuts)
        self._cuts.put(order)

    def _do_work(self) -> None:
        while True:
            order = self._work.get()
            self._engine.begin()
            _try(lambda order: self._in_turn[order["do"]](order), order)

    def _do_cuts(self) -> None:
        cellseg.label_instances(np.eye(9), fill_holes=1, split="watershed")  # the first is slow: loops are compiled
        while True:
            _try(self._engine.cut, self._cuts.get())


def _try(do: Handler, order: Order) -> None:
    try:
        do(order)
    except Cancelled:
        tell({"event": "cancelled", "order": order["do"]})
    except Exception as error:
        tell(failure(order, error, _NO_MEMORY))


def _empty(waiting: queue.Queue[Order]) -> None:
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return


def main() -> None:
    """Work until standard input ends, then leave at once: tiles that are done are on disk."""
    cellseg.keep_memory()
    Worker().run()
    os._exit(0)


if __name__ == "__main__":
    main()

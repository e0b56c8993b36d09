"""The child that predicts: `python -m napari_cellseg.segment.worker`, orders and events in JSON lines.

Orders are objects with `do`: open, show, predict, apply and save run one after the other; cut runs beside them, and of
several that wait only the last; cancel stops what runs and forgets what waits; near changes what comes next. What goes
wrong is an event `failed` with the order and a line for people. The child ends when its standard input does.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from typing import Any

import numpy as np

import cellseg
from napari_cellseg.segment.engine import Cancelled, Engine, Order


class Worker:
    """Hands orders to the engine in threads, so that none waits for a tile that need not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine = Engine(self.tell)
        self._work: queue.Queue[Order] = queue.Queue()
        self._cuts: queue.Queue[Order] = queue.Queue()

    def run(self) -> None:
        """Hear orders until there are no more."""
        for name, waiting in (("work", self._work), ("cuts", self._cuts)):
            threading.Thread(target=self._answer, args=(waiting,), name=name, daemon=True).start()
        self.tell({"event": "ready"})
        for line in sys.stdin:
            if line.strip():
                self._hear(json.loads(line))

    def tell(self, event: Order) -> None:
        """Print an event in a line of its own."""
        with self._lock:
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()

    def _hear(self, order: Order) -> None:
        match order["do"]:
            case "cancel":
                _empty(self._work)
                self._engine.cancel()
            case "near":
                self._engine.near(order)
            case "cut":
                _empty(self._cuts)
                self._cuts.put(order)
            case _:
                self._work.put(order)

    def _answer(self, waiting: queue.Queue[Order]) -> None:
        if waiting is self._cuts:  # the first cut is slow: loops are compiled, or read from the disk
            cellseg.label_instances(np.eye(9), fill_holes=1, split="watershed")
        while True:
            order = waiting.get()
            if waiting is self._work:
                self._engine.begin()
            try:
                getattr(self._engine, order["do"])(order)
            except Cancelled:
                self.tell({"event": "cancelled", "order": order["do"]})
            except cellseg.InputError as error:
                self._fail(order, str(error))
            except MemoryError:
                self._fail(order, "not enough memory. Choose a smaller tile under More, or close other programs.")
            except Exception as error:
                logging.exception("order %s", order["do"])
                self._fail(order, f"cellseg itself failed ({type(error).__name__}: {error}). Please report it.")

    def _fail(self, order: Order, message: str) -> None:
        self.tell({"event": "failed", "order": order["do"], "message": message})


def _empty(waiting: queue.Queue[Any]) -> None:
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

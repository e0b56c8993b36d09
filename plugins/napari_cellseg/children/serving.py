"""The child's side: orders come as JSON lines on standard input, events go out on standard output.

An order is an object with `do`, the name of a handler in a table, and perhaps `job`, which comes back with its answer.
What goes wrong is an event `failed` with the order and a line for people. A child ends when its standard input does.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import cellseg

Order = dict[str, Any]
Table = Mapping[str, Callable[[Order], Order]]
"""Handlers by the names of their orders; each returns the event that answers."""

NO_MEMORY = "not enough memory. Close other programs, or choose less at a time."
READY: Order = {"event": "ready"}
_ONE_AT_A_TIME = threading.Lock()

logger = logging.getLogger(__name__)


def serve(table: Table) -> None:
    """Answer order after order until there are no more."""
    tell(READY)
    for order in orders():
        tell(answer(table, order))


def answer(table: Table, order: Order) -> Order:
    """The event that answers an order."""
    job = {"job": order["job"]} if "job" in order else {}
    try:
        return {**job, **table[order["do"]](order)}
    except Exception as error:
        return {**job, **failure(order, error)}


def failure(order: Order, error: Exception, no_memory: str = NO_MEMORY) -> Order:
    """The event for an order that failed."""
    return {"event": "failed", "order": order["do"], "message": _in_words(error, no_memory)}


def orders() -> Iterator[Order]:
    """Orders as they come."""
    for line in sys.stdin:
        if line.strip():
            yield json.loads(line)


def tell(event: Order) -> None:
    """Print an event in a line of its own; from any thread."""
    with _ONE_AT_A_TIME:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def _in_words(error: Exception, no_memory: str) -> str:
    if isinstance(error, cellseg.InputError):
        return str(error)
    if isinstance(error, MemoryError):
        return no_memory
    logger.error("an order failed", exc_info=error)
    return f"cellseg itself failed ({type(error).__name__}: {error}). Please report it."

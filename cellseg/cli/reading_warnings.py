"""Warnings of the reading of images, as lines for people: each once, and of a kind only the first few."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

SHOWN = 5
"""Warnings of a kind that are shown."""
READING = logging.getLogger("cellseg.images")


class WarningLines(logging.Handler):
    """Says warnings on standard error."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: set[str] = set()
        self.kinds = Counter[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Say a warning that was not said yet."""
        from cellseg.cli.progress import say

        text, kind = record.getMessage(), str(record.msg)
        if text in self.said or self.kinds[kind] > SHOWN:
            return
        self.said.add(text)
        self.kinds[kind] += 1
        say(f"warning: {text}" if self.kinds[kind] <= SHOWN else "warning: there are more of these; -v shows all")


@contextmanager
def shown_warnings() -> Iterator[None]:
    """Show warnings of the reading inside the block, in place of the log's lines."""
    handler = WarningLines()
    READING.addHandler(handler)
    READING.setLevel(logging.WARNING)
    READING.propagate = False
    try:
        yield
    finally:
        READING.removeHandler(handler)
        READING.setLevel(logging.NOTSET)
        READING.propagate = True

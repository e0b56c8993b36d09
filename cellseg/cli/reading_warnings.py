"""Warnings of reading and converting images, as lines for people: each once, and of a kind only the first few."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

SHOWN = 5
"""Warnings of a kind that are shown."""
LOGGERS = tuple(map(logging.getLogger, ("cellseg.images", "cellseg.conversion")))


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
    """Show warnings of reading and converting inside the block, in place of the log's lines."""
    handler = WarningLines()
    for logger in LOGGERS:
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in LOGGERS:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
            logger.propagate = True

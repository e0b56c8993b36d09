"""Standard output and error that do no harm: closed, given up by their reader, or of an encoding without our signs."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from typing import Any, TextIO

SUBSTITUTES = {"↑": "^", "↓": "v", "→": "->", "↺": "o", "µ": "u", "μ": "u", "²": "2", "×": "x", "·": "-"}
"""For signs that an encoding does not have; "?" for all others."""
SUBSTITUTES |= {"–": "-", "—": "-", "…": "...", "Σ": "sum", "“": '"', "”": '"', "‘": "'", "’": "'", "•": "*"}
HANDLER = "cellseg"
GONE = frozenset({errno.EPIPE, errno.EBADF, errno.EINVAL, errno.ESHUTDOWN})
"""Errors where nobody reads any more; EINVAL is Windows' word for a broken pipe."""


class LenientStream:
    """A text stream whose write fails for nobody: what nobody can read is dropped.

    Of standard output a full disk still is an error, for its content is the result of a command.
    """

    def __init__(self, stream: TextIO, *, forgives_all: bool) -> None:
        self._stream = stream
        self._forgives_all = forgives_all
        self.reader_gone = False
        """Somebody read it, and does not any more; whoever writes for that reader alone may end."""

    def write(self, text: str) -> int:
        """Write a text; returns its length."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:
            self._forgive(error)
            return len(text)

    def flush(self) -> None:
        """Flush, where there is somebody to flush to."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._forgive(error)

    def _forgive(self, error: OSError | ValueError) -> None:
        """Nothing where nobody reads: ValueError is that of a closed stream."""
        if isinstance(error, ValueError) or error.errno in GONE:
            self.reader_gone = True
        elif not self._forgives_all:
            raise error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def prepare_streams() -> None:
    """Make `sys.stdout` and `sys.stderr` streams that can always be written to; to be called first of all."""
    _fill_closed_descriptors()
    codecs.register_error(HANDLER, _substituted)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout, sys.stderr = _lenient(sys.stdout, forgives_all=False), _lenient(sys.stderr, forgives_all=True)


def _fill_closed_descriptors() -> None:
    """Take the numbers 0 to 2 where they are free, so that no file of ours gets one that others write messages to."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # programs that we start have the same wish
    os.close(number)


def _lenient(stream: TextIO | None, *, forgives_all: bool) -> Any:
    if stream is None:
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=HANDLER)
    return LenientStream(stream, forgives_all=forgives_all)


def _substituted(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: signs that look much the same."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(SUBSTITUTES.get(sign, "?") for sign in text), error.end

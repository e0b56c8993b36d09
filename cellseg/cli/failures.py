"""Errors as one line for people, with the exit code that goes with them."""

from __future__ import annotations

from cyclopts import CycloptsError

from cellseg.errors import InputError

INTERNAL = 1
WRONG_INPUT = 2


def in_a_line(error: Exception) -> tuple[str, int]:
    """One line that says what is wrong and what to do, and the exit code."""
    text, code = _told(error)
    return " ".join(text.split()), code


def is_known(error: Exception) -> bool:
    """Errors of the user or the machine, not of the program."""
    return isinstance(error, (InputError, CycloptsError, OSError, MemoryError))


def _told(error: Exception) -> tuple[str, int]:
    if isinstance(error, (InputError, CycloptsError)):
        return str(error), WRONG_INPUT
    if isinstance(error, OSError):
        place = error.filename or "the disk"
        return f"{place}: {error.strerror or error}. Check the disk and the path.", WRONG_INPUT
    if isinstance(error, MemoryError):
        return "not enough memory. Choose a smaller --tile, or a smaller image.", WRONG_INPUT
    found = f"{type(error).__name__}: {error}"
    return f"cellseg itself failed ({found}). Run it again with -v and report what it shows.", INTERNAL

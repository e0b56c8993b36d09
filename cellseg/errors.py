"""Errors that are meant for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 1500
"""Characters of a message; of a longer one, such as one that cites a damaged file, the middle is left out."""
LONGEST_REASON = 300


class InputError(ValueError):
    """Something the user gave is wrong: a file, an option, a model.

    The message is one line that says what was found, in which file, what is wanted and what to do.
    The command line shows it after `error:` and leaves with exit code 2.
    """

    def __init__(self, found: str, remedy: str = "", *, path: str | Path | None = None) -> None:
        where = f"{path}: " if path is not None else ""
        line = " ".join(f"{where}{_as_sentence(found) if remedy else found} {remedy}".split())
        super().__init__(_shortened(line, LONGEST))


@contextmanager
def reading(path: str | Path | None, found: str, remedy: str) -> Iterator[None]:
    """Reading of a file of others: whatever goes wrong within is an InputError, for damaged files break in many ways.

    The message says what was `found`, with the reason in brackets, and the `remedy`. Errors for people pass as they
    are.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # libraries have errors of all kinds
        raise InputError(f"{found} ({reason_of(error)})", remedy, path=path) from error


def reason_of(error: Exception) -> str:
    """Reason of an error in a line, at least its kind."""
    return _shortened(" ".join(str(error).split()), LONGEST_REASON) or type(error).__name__


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most * 2 // 3]} ... {text[-most // 3 :]}"


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."

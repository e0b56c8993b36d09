"""Errors that are meant for people."""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Something the user gave is wrong: a file, an option, a model.

    The message is one line that says what was found, in which file, what is wanted and what to do.
    The command line shows it after `error:` and leaves with exit code 2.
    """

    def __init__(self, found: str, remedy: str = "", *, path: str | Path | None = None) -> None:
        where = f"{path}: " if path is not None else ""
        super().__init__(" ".join(f"{where}{_as_sentence(found) if remedy else found} {remedy}".split()))


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."

"""Notes on a prediction: what is found out once, by one of the processes at work, and holds for all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cellseg.files import complete_file
from cellseg.life import heartbeat, lives, name_of_process, signed

POLL = 0.1
"""Seconds between two looks for a note that another process makes."""


class Notes(Protocol):
    """Notes by their names."""

    def attempt(self, name: str, make: Callable[[], bytes]) -> bytes | None:
        """The note of this name, made now where there is none; None while another process makes it."""
        ...

    def peek(self, name: str) -> bytes | None:
        """The note of this name; None where there is none yet."""
        ...


class MemoryNotes:
    """Notes of one process."""

    def __init__(self) -> None:
        self._found: dict[str, bytes] = {}

    def attempt(self, name: str, make: Callable[[], bytes]) -> bytes | None:
        """The note of this name, made now where there is none."""
        if name not in self._found:
            self._found[name] = make()
        return self._found[name]

    def peek(self, name: str) -> bytes | None:
        """The note of this name; None where there is none."""
        return self._found.get(name)


class FolderNotes:
    """Notes as files in a folder, which any process of any machine may add to; the first of a name holds.

    Who makes one says so by a file beside it. Of two that make it all the same (where one was thought to be dead), the
    first to end counts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def attempt(self, name: str, make: Callable[[], bytes]) -> bytes | None:
        """The note of this name, made now where there is none; None while another process makes it."""
        path, claim = self.folder / name, self.folder / f".{name}.making"
        found = content(path)
        if found is not None:
            return found
        if not signed(claim):
            if lives(claim):
                return None
            claim.unlink(missing_ok=True)
            return self.attempt(name, make)
        try:
            with heartbeat(claim):
                found = content(path)
                return put_first(path, make()) if found is None else found
        finally:
            claim.unlink(missing_ok=True)

    def peek(self, name: str) -> bytes | None:
        """The note of this name; None where there is none yet."""
        return content(self.folder / name)


def note(notes: Notes, name: str, make: Callable[[], bytes]) -> bytes:
    """The note of this name; waits while another process makes it."""
    while (found := notes.attempt(name, make)) is None:
        time.sleep(POLL)
    return found


def content(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def put_first(path: Path, made: bytes) -> bytes:
    """Write a file, whole or not at all; where there is one meanwhile, that stays. Returns what stands there."""
    part = path.with_name(f".{path.name}.{name_of_process()}")
    with complete_file(part) as temporary:
        temporary.write_bytes(made)
    try:
        os.link(part, path)
    except FileExistsError:
        return path.read_bytes()
    except OSError:  # a file system without links
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return made

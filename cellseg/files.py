"""Files and folders that appear under their final name only when they are complete."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from cellseg.errors import InputError
from cellseg.locks import lock_file, sole_writer


def part_name(path: Path) -> Path:
    """The name beside `path` under which it is written until it is complete."""
    return path.with_name(f".{path.name}.part")


def real_place(path: Path) -> Path:
    """The absolute place that a path leads to, whether there is something or not; links that go round end anywhere."""
    return Path(os.path.realpath(path))


def place_to_write(path: Path) -> Path:
    """The same of a path that is written.

    Raises:
        InputError: a link leads back to itself.
    """
    place = real_place(path)
    if any(map(Path.is_symlink, (place, *place.parents))):
        found = "is or lies behind a link that leads back to itself"
        raise InputError(found, "Remove the link, or name another place.", path=path)
    return place


def linked_place(path: Path) -> Path:
    """The place that a symbolic link leads to, which is where content goes, so that the link stays; else the path.

    Raises:
        InputError: the link leads back to itself.
    """
    return place_to_write(path) if path.is_symlink() else path


_first_of_all: dict[Path, Callable[[], None]] = {}
"""Acts right before something gets its name, by that place."""


@contextmanager
def right_before(path: Path, act: Callable[[], None]) -> Iterator[None]:
    """Have `act` done right before what is written to `path` within the block takes that name.

    By it what belongs to the former file goes with that file: not earlier, for the writing may fail, and not later, for
    a program that is killed in between would leave it beside a file that it does not belong to.
    """
    place = real_place(path)
    _first_of_all[place] = act
    try:
        yield
    finally:
        _first_of_all.pop(place, None)


def make_way(path: Path) -> None:
    """Do what is wanted right before `path` is replaced, see `right_before`."""
    _first_of_all.get(real_place(path), lambda: None)()


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it to `path` when the block ends without an error.

    The content is flushed to the disk before the rename. On an error (a full disk, Ctrl-C) the
    temporary file is removed and whatever stood under `path` before stays as it was. Of two that write one file at
    once the second is refused. A symbolic link stays one: what it leads to is written.
    """
    path = linked_place(path)
    temporary = part_name(path)
    with sole_writer(path, lock_file(temporary)), written_or_removed(path, temporary, _remove):
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        make_way(path)
        os.replace(temporary, path)


@contextmanager
def written_or_removed(path: Path, temporary: Path, remove: Callable[[Path], None]) -> Iterator[None]:
    """Remove what was written so far when the block ends with an error; an OSError becomes one line for people."""
    with writing(path):
        try:
            yield
        except BaseException:
            remove(temporary)
            raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Writing of a file: an OSError within becomes one line for people that names it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise InputError(f"cannot be written ({reason})", "Free space or choose another place.", path=path) from error


@contextmanager
def spool_beside(path: Path) -> Iterator[BinaryIO]:
    """A file for what is collected until `path` can be written, on the same disk; it goes however the process ends."""
    with writing(path):
        place = linked_place(path).parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place) as file:
            yield file


def write_text(path: Path, text: str) -> None:
    """Write a text file in one piece."""
    with complete_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, tree: Any) -> None:
    """Write a JSON file in one piece, readable by people."""
    write_text(path, json.dumps(tree, indent=2, ensure_ascii=False, default=str) + "\n")


def _remove(path: Path) -> None:
    with suppress(OSError):  # the folder itself may be what is missing
        path.unlink()


def _flush(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())

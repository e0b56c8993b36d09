"""Folders that appear under their final name only when they are complete."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cellseg.errors import InputError
from cellseg.files import linked_place, make_way, part_name, written_or_removed
from cellseg.locks import lock_file, sole_writer


@contextmanager
def complete_folder(path: Path, is_ours: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """Give an empty folder beside `path`; it takes that name when the block ends without an error.

    What stood there before is replaced in one step where the system can exchange two folders (Linux, macOS), else
    there is a moment in which it has another name. On an error it stays as it was, and nothing else is left. Of two
    that write one folder at once the second is refused. A symbolic link stays one: what it leads to is written.

    Args:
        path: the final name.
        is_ours: whether what stands there may be replaced; by default only an empty folder may.

    Raises:
        InputError: something else stands there, or it cannot be written.
    """
    path = linked_place(path)
    _refuse_other(path, is_ours)
    with _folder_beside(path) as temporary:
        yield temporary
        _flush(temporary)
        make_way(path)
        replace_folder(temporary, path)


@contextmanager
def files_together(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`; all that is in it goes there when the block ends without an error.

    Other files in `path` stay; those of the same names, and folders called like OME-Zarr, are replaced one by one. On
    an error all stays as it was, and nothing else is left.

    Raises:
        InputError: it cannot be written.
    """
    path = linked_place(path)
    with _folder_beside(path) as temporary:
        yield temporary
        _flush(temporary)
        _put_into(temporary, path)
        _remove(temporary)


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """An empty folder beside `path`, which is removed when the block ends with an error."""
    temporary = part_name(path)
    with sole_writer(path, lock_file(temporary)), written_or_removed(path, temporary, _remove):
        _remove(temporary)
        temporary.mkdir(parents=True)
        yield temporary


def _put_into(new: Path, path: Path) -> None:
    """Move the files in a folder, and in the folders in it, into another one, which is made where there is none.

    Backwards, so that a file comes before what is beside it: a.tif before a-classes.csv.
    """
    path.mkdir(parents=True, exist_ok=True)
    for one in sorted(new.iterdir(), reverse=True):
        target = path / one.name
        make_way(target)
        if one.is_dir() and one.suffix != ".zarr":
            _put_into(one, target)
        elif one.is_dir():
            replace_folder(one, target)
        else:
            os.replace(one, target)


def refuse_full(path: Path) -> None:
    """InputError where `path` exists and is anything but an empty folder."""
    if path.exists() and not (path.is_dir() and next(path.iterdir(), None) is None):
        raise InputError("exists and is not empty", "Choose another --out, or move it away.", path=path)


def _refuse_other(path: Path, is_ours: Callable[[Path], bool] | None) -> None:
    if is_ours is None:
        refuse_full(path)
    elif path.exists() and not is_ours(path):
        raise InputError("exists and was not made by cellseg", "Choose another name, or move it away.", path=path)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def replace_folder(new: Path, path: Path) -> None:
    """Give a folder a name, in the place of what has it."""
    if not path.exists():
        os.rename(new, path)
        return
    old = new if _exchange(new, path) else _swap(new, path)
    shutil.rmtree(old, ignore_errors=True)


def _swap(new: Path, path: Path) -> Path:
    """Put a folder in the place of another, in two steps; the name that the other has then."""
    old = path.with_name(f".{path.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    os.rename(path, old)
    try:
        os.rename(new, path)
    except OSError:
        os.rename(old, path)
        raise
    return old


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(one), os.fsencode(other)
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, 2) == 0)  # RENAME_SWAP
        here = -100  # AT_FDCWD: names are relative to the working folder
        return bool(library.renameat2(here, names[0], here, names[1], 2) == 0)  # RENAME_EXCHANGE
    except (OSError, AttributeError, TypeError):
        return False


def _flush(folder: Path) -> None:
    """Files first, then the folders that name them."""
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            with open(Path(parent) / name, "rb+") as file:
                os.fsync(file.fileno())
        with suppress(OSError):  # Windows opens no folders
            _flush_names(parent)


def _flush_names(folder: str) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

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
from cellseg.files import part_name


@contextmanager
def complete_folder(path: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Give an empty folder beside `path`; it takes that name when the block ends without an error.

    What stood there before is replaced in one step where the system can exchange two folders (Linux, macOS), else
    there is a moment in which it has another name. On an error it stays as it was, and nothing else is left.

    Args:
        path: the final name.
        is_ours: whether what stands there may be replaced.

    Raises:
        InputError: something else stands there, or it cannot be written.
    """
    if path.exists() and not is_ours(path):
        raise InputError("exists and was not made by cellseg", "Choose another name, or move it away.", path=path)
    temporary = part_name(path)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        _flush(temporary)
        _put(temporary, path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        reason = error.strerror or str(error) or type(error).__name__
        raise InputError(f"cannot be written ({reason})", "Free space or choose another place.", path=path) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _put(new: Path, path: Path) -> None:
    if not path.exists():
        os.rename(new, path)
        return
    old = new
    if not _exchange(new, path):
        old = path.with_name(f".{path.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        os.rename(path, old)
        try:
            os.rename(new, path)
        except OSError:
            os.rename(old, path)
            raise
    shutil.rmtree(old, ignore_errors=True)


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
            number = os.open(parent, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)

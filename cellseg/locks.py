"""The right to write a file alone: kept by the system, which lets go of it however the process ends."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cellseg.errors import InputError

logger = logging.getLogger(__name__)

NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL})
"""Errors of file systems that know no locks."""


class BeingWrittenError(InputError):
    """Another process holds the right to write a file."""


@contextmanager
def sole_writer(path: Path, lock_at: Path | None = None) -> Iterator[None]:
    """Hold the right to write `path`; another process, or another part of this one, that asks for it is refused.

    The lock file goes with the lock; one that a killed process left is free.

    Args:
        path: which is written.
        lock_at: the lock file; by default beside `path` under a hidden name.

    Raises:
        InputError: another has it, or nothing can be written there.
    """
    lock = _acquired(path, lock_at or lock_file(path))
    try:
        yield
    finally:
        if lock is not None:
            with suppress(OSError):  # before the lock is free: whoever gets it later looks for its name again
                Path(lock.lock_file).unlink()
            with suppress(OSError):
                lock.release()


def refuse_written(path: Path) -> None:
    """InputError where another holds the right to write `path` now; nothing is left there."""
    if lock_file(path).exists():
        with sole_writer(path):
            pass


def lock_file(path: Path) -> Path:
    """The lock file of a path."""
    return path.with_name(f".{path.name}.lock")


def _acquired(path: Path, lock_at: Path) -> FileLock | None:
    """The lock; None where the file system knows none."""
    lock = FileLock(lock_at, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise BeingWrittenError(
            "is being written by another cellseg", "Wait for its end, or choose another --out.", path=path
        ) from None
    except NotImplementedError:  # older versions of filelock: no flock
        logger.warning("%s: its file system knows no locks", path)
        return None
    except OSError as error:
        if error.errno in NO_LOCKS:
            logger.warning("%s: its file system knows no locks", path)
            return None
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot be written ({reason})", "Free space or choose another place.", path=path) from error
    return lock

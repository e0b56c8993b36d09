"""Lock of a project: the window that opened it first may write, as long as its process lives.

The system holds a lock on `.lock.held` and lets go of it when the process ends, however that happens. Beside it `.lock`
says who has it: for messages, and for versions of cellseg and other computers by which the first is not seen.
"""

from __future__ import annotations

import atexit
import errno
import json
import os
import platform
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

LOCK_NAME = ".lock"
HELD = ".lock.held"
"""Empty, and left behind: a lock file that is taken away may be one that another process waits for."""
TRIES, PAUSE_S = 10, 0.02
"""For the note of a process that has just got the lock."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a project open."""

    pid: int
    started: float
    """Seconds since 1970, by which a process that got the number of a dead one is told apart."""
    host: str

    @property
    def alive(self) -> bool:
        """True if it still runs; of another computer nobody knows, so yes."""
        if self.host != platform.node():
            return True
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1.5
        except psutil.NoSuchProcess:
            return False
        except psutil.Error:
            return True


_held: dict[Path, FileLock] = {}


def claim(project: Path) -> Holder | None:
    """Take the right to write, for this process and until it ends.

    Args:
        project: folder of the project.

    Returns:
        None where this process has it now, else who has it.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = project.resolve()
    if _is_mine(folder):
        return None
    if not folder.is_dir():  # which the lock would make
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    lock = _held.pop(folder, None) or FileLock(folder / HELD, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _wait_for_note(folder)
    return _sign(folder, lock)


def release(project: Path) -> None:
    """Give the right back, if this process has it."""
    folder = project.resolve()
    if _read(folder / LOCK_NAME) == _me():
        (folder / LOCK_NAME).unlink(missing_ok=True)
    lock = _held.pop(folder, None)
    if lock is not None:
        lock.release(force=True)


def _me() -> Holder:
    return Holder(os.getpid(), psutil.Process().create_time(), platform.node())


def _sign(folder: Path, lock: FileLock) -> Holder | None:
    """Note that this process has the lock now; not where the note says that another one lives, which is returned."""
    holder, me = _read(folder / LOCK_NAME), _me()
    if holder is not None and holder != me and holder.alive:
        lock.release(force=True)
        return holder
    try:
        _write(folder / LOCK_NAME, me)
    except OSError:
        lock.release(force=True)
        raise
    _held[folder] = lock
    atexit.register(release, folder)
    return None


def _is_mine(folder: Path) -> bool:
    return folder in _held and _read(folder / LOCK_NAME) == _me()


def _wait_for_note(folder: Path) -> Holder:
    """Holder of the lock, which may be about to write its note."""
    for _ in range(TRIES):
        holder = _read(folder / LOCK_NAME)
        if holder is not None and holder.alive:
            return holder
        time.sleep(PAUSE_S)
    return Holder(0, 0.0, platform.node())


def _write(file: Path, holder: Holder) -> None:
    """Write a note under another name first, so that nobody reads half of it."""
    temporary = file.with_name(f"{LOCK_NAME}.{secrets.token_hex(4)}")
    text = json.dumps({"pid": holder.pid, "started": holder.started, "host": holder.host})
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def _read(file: Path) -> Holder | None:
    """The process that a note names; None where there is none or it cannot be understood."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Holder(int(told["pid"]), float(told["started"]), str(told["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None

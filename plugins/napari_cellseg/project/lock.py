"""Who may write to a project: the window that opened it first, as long as its process lives."""

from __future__ import annotations

import atexit
import json
import os
import platform
import secrets
from dataclasses import dataclass
from pathlib import Path

import psutil

NAME = ".lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a project open."""

    pid: int
    started: float
    """Seconds since 1970, by which a process that got the number of a dead one is told apart."""
    host: str

    @property
    def alive(self) -> bool:
        """Whether it still runs; of another computer nobody knows, so yes."""
        if self.host != platform.node():
            return True
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1.5
        except psutil.NoSuchProcess:
            return False
        except psutil.Error:
            return True


def claim(project: Path) -> Holder | None:
    """Take the right to write, for this process and until it ends.

    Args:
        project: folder of the project.

    Returns:
        None where this process has it now, else who has it.

    Raises:
        OSError: the folder cannot be written.
    """
    file, me = project / NAME, _me()
    for _ in range(10):  # others may claim at the same moment
        if _create(file, me):
            atexit.register(release, project)
            return None
        holder = _read(file)
        if holder == me:
            return None
        if holder is not None and holder.alive:
            return holder
        _remove_stale(file, holder)
    return _read(file)


def release(project: Path) -> None:
    """Give the right back, if this process has it."""
    if _read(project / NAME) == _me():
        (project / NAME).unlink(missing_ok=True)


def _me() -> Holder:
    return Holder(os.getpid(), psutil.Process().create_time(), platform.node())


def _create(file: Path, holder: Holder) -> bool:
    """Write the lock where there is none: under another name first, so that nobody reads half of it."""
    text = json.dumps({"pid": holder.pid, "started": holder.started, "host": holder.host})
    temporary = file.with_name(f"{NAME}.{secrets.token_hex(4)}")
    temporary.write_text(text, encoding="utf-8")
    try:
        os.link(temporary, file)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            with open(file, "x", encoding="utf-8") as new:
                new.write(text)
        except FileExistsError:
            return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _read(file: Path) -> Holder | None:
    """Who holds a lock; None where there is none or it cannot be understood."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Holder(int(told["pid"]), float(told["started"]), str(told["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remove_stale(file: Path, stale: Holder | None) -> None:
    """Take a lock away, unless another process has just put its own there."""
    aside = file.with_name(f"{NAME}.{secrets.token_hex(4)}")
    try:
        os.rename(file, aside)
    except FileNotFoundError:
        return
    taken = _read(aside)
    if taken is not None and taken != stale:
        _create(file, taken)
    aside.unlink(missing_ok=True)

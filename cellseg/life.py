"""Signs of life of processes, as files in a folder that several machines share.

Nothing here asks for a lock, which network file systems may not have: a file is created exclusively, touched while its
process is at work, and judged by the server's clock. A process of this machine is looked up instead.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Event, Thread

import psutil

BEAT = 10.0
"""Seconds between two touches."""
SILENT = 180.0
"""Seconds without a touch after which a process of another machine counts as dead; NFS may show times a minute late."""


@cache
def _birth(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def name_of_process() -> str:
    """A name for this process that no other has, on any machine."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def sign_of_life() -> dict[str, str | int | float]:
    """Word of a process on itself, from the first line of its file."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": _birth(os.getpid())}


def signed(path: Path, **more: object) -> bool:
    """Create a file that begins with a sign of life and these values; False where there is one already."""
    line = json.dumps({**sign_of_life(), **more}) + "\n"
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(line)
    return True


@contextmanager
def heartbeat(path: Path) -> Iterator[None]:
    """Touch a file all the while."""
    ended = Event()

    def touch() -> None:
        while not ended.wait(BEAT):
            with suppress(OSError):
                os.utime(path)

    thread = Thread(target=touch, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def lives(path: Path) -> bool:
    """True where the process that created a file is still at work, as far as can be known; False without the file."""
    try:
        found = _first_line(path)
        if found.get("host") == socket.gethostname():
            return _runs(int(found["pid"]), float(found["born"]))
        return _age(path) < SILENT
    except FileNotFoundError:
        return False


def _first_line(path: Path) -> dict[str, str]:
    """Content of the line; nothing where it is torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8").partition("\n")[0])
    except ValueError:
        return {}
    return found if isinstance(found, dict) and {"host", "pid", "born"} <= found.keys() else {}


def _runs(pid: int, born: float) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(abs(process.create_time() - born) < 1 and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _age(path: Path) -> float:
    """Seconds since a file was touched, by the clock of who keeps the files."""
    probe = path.with_name(f".{name_of_process()}.now")
    probe.touch()
    try:
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)

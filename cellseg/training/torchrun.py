"""Being one of several processes that `torchrun ... -m cellseg train` started; without torch until it is so."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cellseg.files import write_text

NOTE = "launched"
"""File of a run folder that says which launcher made it."""
LINGER = 5.0
"""Seconds in which the first process says what is wrong, before another ends and the launcher stops them all."""
T = TypeVar("T")


def is_launched() -> bool:
    """True if torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def processes() -> int:
    """Number of processes that train together."""
    return int(os.environ["WORLD_SIZE"]) if is_launched() else 1


def is_several() -> bool:
    """True if torchrun started others beside it."""
    return processes() > 1


def is_follower() -> bool:
    """True if another process speaks and writes for this one."""
    return is_several() and os.environ["RANK"] != "0"


def join_others() -> None:
    """Meet the other processes. Raises InputError where there are fewer GPUs than processes."""
    if is_several():
        from cellseg.training.several import join

        join()


def agreed(work: Callable[[], T]) -> T:
    """Result of `work`; an InputError of one process is one of all."""
    if not is_several():
        return work()
    from cellseg.training.several import agreed

    return agreed(work)


def first_says(answer: Callable[[], bool]) -> bool:
    """Answer of the first process; the others are not asked."""
    if not is_several():
        return answer()
    from cellseg.training.several import first_says

    return first_says(not is_follower() and answer())


def linger() -> None:
    """Leave the first process the time to say what both found wrong."""
    if is_follower():
        time.sleep(LINGER)


def note_launcher(run: Path) -> None:
    """Note in a new run folder which launcher it belongs to."""
    if is_launched():
        write_text(run / NOTE, _launcher())


def is_restarted(run: Path) -> bool:
    """True if the same call of torchrun had started the processes that made the run folder; on several machines its
    count of restarts is no sign."""
    note = run / NOTE
    return is_launched() and note.is_file() and note.read_text(encoding="utf-8") == _launcher()


def _launcher() -> str:
    """Names a call of torchrun: on one machine by its process, on several by the name that the call was given."""
    name = os.environ["TORCHELASTIC_RUN_ID"]
    alone = os.environ.get("GROUP_WORLD_SIZE", "1") == "1"
    return f"{name} {socket.gethostname()} {os.getppid()}\n" if alone else f"{name}\n"

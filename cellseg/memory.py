"""Memory that is free for this process, and refusals of what needs more, before it is taken."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from cellseg.errors import InputError
from cellseg.wording import size_of

SMALL = 2**28
"""Bytes that are taken without asking."""


def available() -> int:
    """Bytes of memory that are free for this process: in the machine, in its control group, by its own limit."""
    free = int(psutil.virtual_memory().available)
    return max(0, min(free, _left_in_group(free), _left_by_limit(free)))


def refuse_beyond_memory(needed: float, found: str, remedy: str, path: Path | str | None = None) -> None:
    """InputError where more bytes are needed than are free; the message begins with what was `found`."""
    if needed > SMALL and needed > (free := available()):
        raise InputError(
            f"{found}, which needs {size_of(needed)} of memory; {size_of(free)} are free", remedy, path=path
        )


def _left_in_group(free: int) -> int:
    try:
        group = Path("/sys/fs/cgroup")
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        return free if limit == "max" else int(limit) - int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free


def _left_by_limit(free: int) -> int:
    """Bytes by `ulimit -v`."""
    if sys.platform == "win32":
        return free
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return free if limit == resource.RLIM_INFINITY else limit - int(psutil.Process().memory_info().vms)

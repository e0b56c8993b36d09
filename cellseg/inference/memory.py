"""Available memory, and the share a prediction may take."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from cellseg.errors import InputError

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def parse_memory(text: str | None) -> int:
    """Bytes that a text such as 2GB, 500MB or 1.5GiB means; None or "auto" is half of what is free.

    Raises InputError for any other text.
    """
    if text is None or text == "auto":
        return available() // 2
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?\s*", text.upper())
    if not match or match[2] == "I" or float(match[1]) <= 0:
        raise InputError(f"--memory {text} is no amount of memory", "Give one such as 2GB or 500MB.")
    return int(float(match[1]) * UNITS[match[2]])


def available() -> int:
    """Bytes of memory that are free for this process, in the machine and in its control group."""
    free = int(psutil.virtual_memory().available)
    try:
        group = Path("/sys/fs/cgroup")
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
        return free if limit == "max" else max(min(free, int(limit) - used), 0)
    except (OSError, ValueError):
        return free


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(psutil.Process().memory_info().rss)

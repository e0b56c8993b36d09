"""Memory that a prediction may take, and that the process holds."""

from __future__ import annotations

import re

import psutil

from cellseg.errors import InputError
from cellseg.memory import available

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


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(psutil.Process().memory_info().rss)

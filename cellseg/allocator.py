"""Memory that a network gives back is kept for its next tile, and given to the system when the last tile is done.

glibc returns large blocks to the system at once and gets them again, page by page, for the next layer. Keeping them
made the forward pass 1.2 to 1.5 times as fast for tiles of 1024 pixels, and took a tenth to a quarter of a training
step's processor time off networks with wide maps, for a tenth more memory (tried by hand, busy machine). All threads
share one pool, so that what one has freed is there for the others. It concerns the whole process, so programs call it,
the library does not.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
PAD_BYTES = 2**26


def keep_memory() -> bool:
    """Ask the C library to keep freed memory; False where it cannot be asked (not glibc)."""
    mallopt = _function("mallopt")
    wishes = ((M_ARENA_MAX, 1), (M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, PAD_BYTES))
    return mallopt is not None and all([mallopt(number, value) == 1 for number, value in wishes])  # noqa: C419


def give_back() -> None:
    """Give memory that is kept and not used back to the system."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> Any:
    """A function of the C library; None where there is none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name) if sys.platform.startswith("linux") else None
    except (OSError, AttributeError):
        return None

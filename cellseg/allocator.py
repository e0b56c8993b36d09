"""Memory that a network gives back is kept for its next tile.

glibc returns large blocks to the system at once and gets them again, page by page, for the next layer. Keeping them
made prediction 1.2 to 1.5 times as fast (tests/benchmarks/test_predict_speed.py). It concerns the whole process, so
programs call it, the library does not.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
PAD_BYTES = 2**26


def keep_memory() -> bool:
    """Ask the C library to keep freed memory; False where it cannot be asked (not glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wishes = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, PAD_BYTES))
    return all([mallopt(number, value) == 1 for number, value in wishes])  # noqa: C419 all are asked

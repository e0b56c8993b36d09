"""Batches: parts of the missing tiles that are about a minute of work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cellseg.arrays import Int64

SECONDS = 60.0
"""Work of a batch, about."""
EACH = 4
"""Batches for each worker, at least, where there are tiles enough."""


def batch_size(tiles: int, seconds: float, workers: int, each: int = EACH) -> int:
    """Tiles in a batch, of so many that take so many seconds in all; at least `each` batches for each worker."""
    minute = int(SECONDS * tiles / seconds) if seconds > 0 else tiles
    return max(1, min(minute, math.ceil(tiles / (each * max(workers, 1)))))


def batches(numbers: Int64, size: int) -> Iterator[Sequence[int]]:
    """The numbers of tiles (n,), in order, in parts of `size`; those without a gap as ranges."""
    for start in range(0, len(numbers), size):
        part = numbers[start : start + size]
        first, last = int(part[0]), int(part[-1])
        yield range(first, last + 1) if last - first == len(part) - 1 else part.tolist()

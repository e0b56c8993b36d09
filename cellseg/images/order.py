"""Values by their rank among more values than fit into memory, exactly, in two passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from cellseg.arrays import Float32, Int64, UInt32

HALF = 16
"""Bits that are counted in a pass."""
VALUES = 2**HALF


def ranked(pieces: Callable[[], Iterable[Float32]], ranks: Sequence[int]) -> list[float]:
    """The values of these ranks, from 0.

    Args:
        pieces: gives all values, piece by piece; it is asked twice.
        ranks: below the number of values.
    """
    upper = np.zeros(VALUES, np.int64)
    for piece in pieces():
        upper += np.bincount(_keys(piece) >> HALF, minlength=VALUES)
    ends = np.cumsum(upper)
    heads = [int(np.searchsorted(ends, rank, side="right")) for rank in ranks]
    lower = _lower(pieces(), set(heads))
    return [
        _value(head << HALF | int(np.searchsorted(np.cumsum(lower[head]), rank - ends[head] + upper[head], "right")))
        for rank, head in zip(ranks, heads, strict=True)
    ]


def _lower(pieces: Iterable[Float32], heads: set[int]) -> dict[int, Int64]:
    """Number of values by their lower bits, for each of some upper bits."""
    counts = {head: np.zeros(VALUES, np.int64) for head in heads}
    for piece in pieces:
        keys = _keys(piece)
        for head, count in counts.items():
            count += np.bincount(keys[keys >> HALF == head] & (VALUES - 1), minlength=VALUES)
    return counts


def _keys(values: Float32) -> UInt32:
    """Whole numbers in the order of the values: the sign bit is turned, of negative ones all bits."""
    bits = np.ascontiguousarray(values).ravel().view(np.uint32)
    return bits ^ np.where(bits >> 31, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))


def _value(key: int) -> float:
    bits = np.uint32(key ^ (0x80000000 if key >> 31 else 0xFFFFFFFF))
    return float(bits.view(np.float32))

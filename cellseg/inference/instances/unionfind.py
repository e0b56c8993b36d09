"""Union-find: which numbers stand for the same thing. The smallest number of a set is its root."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled


@compiled
def root(parent: NDArray[Any], a: int) -> int:
    """The root of `a`; the path to it is halved."""
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a


@compiled
def unite(parent: NDArray[Any], a: int, b: int) -> int:
    """Make one set of those of `a` and `b`, and give its root."""
    a, b = root(parent, a), root(parent, b)
    if a < b:
        parent[b] = a
        return a
    parent[a] = b
    return b


@compiled
def unite_pairs(parent: NDArray[np.int64], pairs: NDArray[np.int64]) -> None:
    """Unite the two of each of the (k, 2) pairs, then point every number straight at its root."""
    for k in range(len(pairs)):
        unite(parent, pairs[k, 0], pairs[k, 1])
    for a in range(len(parent)):
        parent[a] = parent[parent[a]]

"""Chance or not: many images without anything in common have edges and thumbnails that look alike by accident.

Two edges that meet fit each other better than either fits any other of the set, and grey values go on over the seam
with the slope that they have on both sides. Two thumbnails are alike beyond chance where they agree in many places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32, Mask

BEND = 2.0
"""Weight of the bend at the seam, from 0 (none) to about 1.4 (opposite slopes), among the other terms of a doubt."""
LEAST = 1e-4
"""Smallest part of a variance or misfit that is told from none."""
ACCIDENTS = 0.05
"""Pairs of thumbnails that may be taken for near-duplicates by accident in a whole set, on average."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeLines:
    """One side of all images of a group.

    Attributes:
        smooth: (n, 2, k) the outermost line and the next, without noise.
        fine: (n, m) normalised fine structure of the outermost line.
    """

    smooth: Float32
    fine: Float32


def doubt(edges: EdgeLines, others: EdgeLines, pair: tuple[int, int], alike: Sequence[AbstractSet[int]]) -> float:
    """Doubt that an edge meets another: below 0 it is no accident, above 1 it may well be one.

    Args:
        edges: one side of all images.
        others: the opposite side of the same images.
        pair: image of the edge, image of the other.
        alike: near-duplicates of each image, which are no rivals.
    """
    first, second = pair
    rivals, others_rivals = _rivals(len(alike), pair, alike[second]), _rivals(len(alike), pair, alike[first])
    misfits = _misfits(edges.smooth[first, 0], others.smooth[:, 0])
    across = _misfits(others.smooth[second, 0], edges.smooth[:, 0])
    rests = _unexplained(edges.fine[first], others.fine)
    rests_across = _unexplained(others.fine[second], edges.fine)
    fit = misfits[second] / _best(misfits[rivals], across[others_rivals])
    likeness = rests[second] / _best(rests[rivals], rests_across[others_rivals])
    return 0.5 * (_log(fit) + _log(likeness)) + BEND * bend(edges.smooth[first], others.smooth[second])


def bend(edge: Float32, other: Float32) -> float:
    """Difference of the slopes towards a seam and behind it (2, k), 0 where they agree, 1 where they are unrelated."""
    before, behind = edge[0] - edge[1], other[1] - other[0]
    size = float((before**2).mean() + (behind**2).mean())
    return math.sqrt(float(((before - behind) ** 2).mean()) / max(size, 1e-9))


def beyond_chance(likeness: float, places: float, pairs: int) -> bool:
    """True where so large a correlation is no accident.

    Args:
        likeness: correlation of two rows.
        places: number of places in which they could agree independently, see `places`.
        pairs: number of pairs that were compared.
    """
    accidents = math.log(max(pairs, 1)) + 0.5 * (places - 1) * math.log(max(1 - likeness**2, 1e-12))
    return accidents <= math.log(ACCIDENTS)


def places(rows: Float32) -> NDArray[np.float64]:
    """Number of places (n,) that make up most of the variance of each row (n, k): (sum x^2)^2 / sum x^4."""
    squares = (rows - rows.mean(axis=1, keepdims=True)).astype(np.float64) ** 2
    found: NDArray[np.float64] = squares.sum(axis=1) ** 2 / np.maximum((squares**2).sum(axis=1), 1e-30)
    return found


def _rivals(count: int, pair: tuple[int, int], same: AbstractSet[int]) -> Mask:
    found = np.ones(count, np.bool_)
    found[[*pair, *same]] = False
    return found


def _misfits(line: Float32, lines: Float32) -> Float32:
    """Mean squared difference of a line (k,) and each of others (n, k)."""
    found: Float32 = ((lines - line) ** 2).mean(axis=1)
    return found


def _unexplained(row: Float32, rows: Float32) -> Float32:
    """Part of the variance of normalised rows (n, k) that another (k,) does not explain."""
    likeness = np.maximum(rows @ row, 0)
    found: Float32 = 1 - likeness**2 + np.float32(LEAST)
    return found


def _best(*rivals: Float32) -> float:
    return min((float(values.min()) for values in rivals if values.size), default=math.inf)


def _log(ratio: float) -> float:
    return math.log(max(ratio, LEAST))

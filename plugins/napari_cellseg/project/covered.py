"""Predicted cells that cover annotated ones: a stroke in a cell, and the cell that is found around it, are one cell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotation import FIRST_CELL

COVERED = 1 / 3
"""Part of an annotated cell that must lie in a predicted one: a stroke that strays across a border covers two cells."""
INSIDE = 1 / 2
"""Part of a predicted cell that must lie in an annotated one, of which it is a piece then."""
LEFT_OUT = 0
"""Instead of a number: the predicted cell covers several annotated ones, and nobody knows whose the rest is."""


def numbers_of_covered(regions: Iterable[tuple[NDArray[Any], NDArray[np.uint32]]]) -> dict[int, int]:
    """Numbers that predicted cells take from the annotation of a plane.

    Args:
        regions: predicted cells (h, w), 0 = background, and the annotation (h, w) of the same pixels. No pixel twice;
            regions in which nothing is annotated may be missing.

    Returns:
        For each predicted cell that covers annotated ones the number of that one, or `LEFT_OUT` of several.
    """
    shared: Counter[tuple[int, int]] = Counter()
    annotated: Counter[int] = Counter()
    predicted: Counter[int] = Counter()
    for found, old in regions:
        cells = old >= FIRST_CELL
        shared.update(_pairs(found[cells & (found > 0)], old[cells & (found > 0)]))
        annotated.update(_counts(old[cells]))
        predicted.update(_counts(found[found > 0]))
    covered: dict[int, set[int]] = defaultdict(set)
    for (k, cell), pixels in shared.items():
        if pixels >= COVERED * annotated[cell] or pixels > INSIDE * predicted[k]:
            covered[k].add(cell)
    return {k: cells.pop() if len(cells) == 1 else LEFT_OUT for k, cells in covered.items()}


def renumbered(values: NDArray[np.uint32], instances: NDArray[Any], numbers: Mapping[int, int]) -> NDArray[np.uint32]:
    """Values (..., h, w), with the given numbers where those predicted cells are; `instances` of the same shape."""
    if not numbers:
        return values
    known = np.array(sorted(numbers))
    given = np.array([numbers[k] for k in known.tolist()], np.uint32)
    place = np.searchsorted(known, instances).clip(0, len(known) - 1)
    return np.where(known[place] == instances, given[place], values)


def _counts(values: NDArray[Any]) -> dict[int, int]:
    numbers, counts = np.unique(values, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _pairs(one: NDArray[Any], other: NDArray[Any]) -> dict[tuple[int, int], int]:
    """Number of pixels of each pair of values."""
    pairs, counts = np.unique(one.astype(np.uint64) << 32 | other.astype(np.uint64), return_counts=True)
    return {(pair >> 32, pair & 0xFFFFFFFF): n for pair, n in zip(pairs.tolist(), counts.tolist(), strict=True)}

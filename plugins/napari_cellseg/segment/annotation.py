"""Predicted cells become annotation: cell k gets a number of its own from 2 on, what is between cells becomes 1."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotation import NOT_ANNOTATED, from_instances


@dataclass(frozen=True, slots=True)
class Taken:
    """Cells that were put into an annotation."""

    ids: frozenset[int]
    """Predicted cells of which anything was put there."""
    pixels: int

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Sum of what was put into several regions."""
        return cls(frozenset().union(*(part.ids for part in parts)), sum(part.pixels for part in parts))


def with_predicted(
    instances: NDArray[Any],
    old: NDArray[np.uint32],
    *,
    after: int,
    only: Collection[int] | None = None,
    replace: bool = False,
) -> tuple[NDArray[np.uint32], Taken]:
    """An annotation with predicted cells in it.

    Cell k gets the number k + 1 where that is free in the whole annotation (`after` is 1 or less), else it counts on
    from `after`, so that it never becomes part of a cell that was there.

    Args:
        instances: (..., h, w), 0 = background, 1 and up = cells.
        old: the annotation of the same region, 0 = not annotated.
        after: largest number in the whole annotation.
        only: the cells that are wanted, without background; all of them and the background by default.
        replace: also where something is annotated already.

    Returns:
        The new annotation of the region, uint32, and what was put into it. A cell of which a part lies on another
        annotation loses that part, unless `replace`.
    """
    wanted = np.isin(instances, list(only)) if only is not None else np.ones(instances.shape, bool)
    if only is not None:
        wanted &= instances > 0
    free = wanted if replace else wanted & (old == NOT_ANNOTATED)
    result = np.where(free, from_instances(instances, after), old).astype(np.uint32)
    ids = frozenset(np.unique(instances[free]).tolist()) - {0}
    return result, Taken(ids, int(np.count_nonzero(free)))

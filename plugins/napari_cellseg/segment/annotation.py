"""Predicted cells become annotation: cell k gets a number of its own from 2 on, what is between cells becomes 1.

One that covers an annotated cell gets the number of that (see `covered`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotation import NOT_ANNOTATED, from_instances
from napari_cellseg.project.covered import LEFT_OUT, renumbered


@dataclass(frozen=True, slots=True)
class Taken:
    """Cells that were put into an annotation."""

    ids: frozenset[int]
    """Predicted cells of which anything was put there."""
    pixels: int
    left_out: int = 0
    """Predicted cells that cover several annotated ones each."""

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Sum of what was put into several regions."""
        ids = frozenset().union(*(part.ids for part in parts))
        return cls(ids, sum(part.pixels for part in parts), sum(part.left_out for part in parts))


def words_of(taken: Taken) -> str:
    """Sentence on what was put into an annotation."""
    put = f"{len(taken.ids)} cells were put into the annotation ({taken.pixels} pixels)"
    several = f"{taken.left_out} that cover several annotated cells each were left out: cut them first"
    return f"{put}; {several}" if taken.left_out else put


def with_predicted(
    instances: NDArray[Any],
    old: NDArray[np.uint32],
    *,
    after: int,
    only: Collection[int] | None = None,
    replace: bool = False,
    numbers: Mapping[int, int] = MappingProxyType({}),
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
        numbers: for some cells the number they get, or `LEFT_OUT`: they stay not annotated.

    Returns:
        The new annotation of the region, uint32, and what was put into it. A cell of which a part lies on another
        annotation loses that part, unless `replace`.
    """
    wanted = np.isin(instances, list(only)) if only is not None else np.ones(instances.shape, bool)
    if only is not None:
        wanted &= instances > 0
    values = renumbered(from_instances(instances, after), instances, numbers)
    free = (wanted if replace else wanted & (old == NOT_ANNOTATED)) & (values != LEFT_OUT)
    result = np.where(free, values, old).astype(np.uint32)
    ids = frozenset(np.unique(instances[free]).tolist()) - {0}
    return result, Taken(ids, int(np.count_nonzero(free)))

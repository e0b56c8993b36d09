"""How frequent the classes are in planes too large to be counted: by blocks spread over what is annotated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotation import cells_in, unknown_in
from napari_cellseg.preview.plane import Plane

SIDE = 256
"""Of a block, in pixels."""
MOST = 16
"""Blocks that are counted; planes of no more are counted whole."""
GLANCE = 32
"""Every how many pixels a large plane is looked at for what is annotated."""


def class_frequencies(planes: Sequence[Plane], annotation: bool) -> NDArray[np.int64]:
    """Pixels of background and of cells, after touching cells were separated.

    Args:
        planes: all that training would balance over.
        annotation: the values are those of a project; what nobody annotated does not count.

    Returns:
        (2,): exact where the planes have `MOST` blocks at most, else of `MOST` blocks.
    """
    blocks = [(plane, *block) for plane in planes for block in _blocks(plane.shape)]
    if len(blocks) > MOST:
        known = [(plane, *block) for plane in planes for block in _annotated(plane, annotation)]
        blocks = [known[k] for k in np.unique(np.linspace(0, len(known) - 1, MOST).astype(int))] if known else []
    counts = np.zeros(2, np.int64)
    for plane, rows, columns in blocks:
        values = plane.read(rows, columns)
        cells, unknown = cells_in(values, annotation), unknown_in(values, annotation)
        kept = cellseg.separate(cells) != 0
        counts += np.bincount((kept if unknown is None else kept[~unknown]).ravel(), minlength=2)
    return counts


def _blocks(shape: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    for top in range(0, shape[0], SIDE):
        for left in range(0, shape[1], SIDE):
            yield slice(top, min(top + SIDE, shape[0])), slice(left, min(left + SIDE, shape[1]))


def _annotated(plane: Plane, annotation: bool) -> list[tuple[slice, slice]]:
    """The blocks in which somebody annotated something, at a glance."""
    if not annotation:
        return list(_blocks(plane.shape))
    seen = plane.read(slice(0, None, GLANCE), slice(0, None, GLANCE)) != 0
    return [
        block
        for block in _blocks(plane.shape)
        if seen[tuple(slice(part.start // GLANCE, -(-part.stop // GLANCE)) for part in block)].any()
    ]

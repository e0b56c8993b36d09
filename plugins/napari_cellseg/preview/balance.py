"""Frequencies of classes in planes too large to be counted: by blocks spread over what is annotated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotation import cells_in, unknown_in
from napari_cellseg.preview.plane import Plane

_SIDE = 256
"""Of a block, in pixels."""
_MOST = 16
"""Blocks that are counted; planes of no more are counted whole."""
GLANCE = 32
"""Every how many pixels a large plane is looked at for what is annotated."""


class PlaneBlock(NamedTuple):
    """A block of a plane."""

    plane: Plane
    rows: slice
    columns: slice


def class_frequencies(planes: Sequence[Plane], annotation: bool) -> NDArray[np.int64]:
    """Pixels of background and of cells, after touching cells were separated.

    Args:
        planes: all that training would balance over.
        annotation: the values are those of a project; what nobody annotated does not count.

    Returns:
        (2,): exact where the planes have `_MOST` blocks at most, else of `_MOST` blocks.
    """
    blocks = list(chain.from_iterable(map(_blocks, planes)))
    if len(blocks) > _MOST:
        blocks = _spread(list(chain.from_iterable(_annotated(plane, annotation) for plane in planes)))
    return sum((_counted(block, annotation) for block in blocks), np.zeros(2, np.int64))


def _spread(blocks: list[PlaneBlock]) -> list[PlaneBlock]:
    """`_MOST` of some blocks, evenly spread."""
    if not blocks:
        return []
    return [blocks[k] for k in np.unique(np.linspace(0, len(blocks) - 1, _MOST).astype(int))]


def _counted(block: PlaneBlock, annotation: bool) -> NDArray[np.int64]:
    """(2,) pixels of background and of cells in a block."""
    values = block.plane.read(block.rows, block.columns)
    cells, unknown = cells_in(values, annotation), unknown_in(values, annotation)
    kept = cellseg.separate(cells) != 0
    return np.bincount((kept if unknown is None else kept[~unknown]).ravel(), minlength=2)


def _blocks(plane: Plane) -> Iterator[PlaneBlock]:
    height, width = plane.shape
    for top in range(0, height, _SIDE):
        for left in range(0, width, _SIDE):
            yield PlaneBlock(plane, slice(top, min(top + _SIDE, height)), slice(left, min(left + _SIDE, width)))


def _annotated(plane: Plane, annotation: bool) -> list[PlaneBlock]:
    """The blocks in which somebody annotated something, at a glance."""
    if not annotation:
        return list(_blocks(plane))
    seen = plane.read(slice(0, None, GLANCE), slice(0, None, GLANCE)) != 0
    return [block for block in _blocks(plane) if seen[_glanced(block.rows), _glanced(block.columns)].any()]


def _glanced(part: slice) -> slice:
    """Rows or columns of a plane in a glance at it."""
    return slice(part.start // GLANCE, -(-part.stop // GLANCE))

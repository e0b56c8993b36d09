"""The first pass: every block is labelled alone; what is kept are tables of its components and of its seams.

Memory grows with the width of the plane and the number of components, never with the area.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.components import LocalLabels, measure
from cellseg.inference.instances.holes import neighbours
from cellseg.inference.instances.instance_options import Least
from cellseg.inference.instances.numbering import Nodes, number
from cellseg.inference.instances.plane import LabelledPlane, no_boxes
from cellseg.inference.instances.seams import LabelPairs, Rim, Seams, edge_of_plane, rim_of
from cellseg.inference.instances.unionfind import unite_pairs
from cellseg.inference.tiling import Box


@dataclass(frozen=True, slots=True, eq=False)
class BlockPieces:
    """Components of one block, as far as the plane has to know of them."""

    cells: int
    """Those numbered up to this are foreground, the others background."""
    sizes: NDArray[np.int64]
    """(count + 1,) pixels of each."""
    firsts: NDArray[np.int64]
    """(count + 1,) first pixel of each in the plane."""
    sure: NDArray[np.int64]
    """(count + 1,) pixels of each that are SURE."""
    boxes: NDArray[np.int32]
    """(count + 1, 4) bounding box of each; (1, 4) where they are not wanted."""
    edge: NDArray[np.int32]
    """Numbers of those at the edge of the plane."""
    inside: LabelPairs
    """Pairs (background, cell) that are neighbours within the block, as far as the background may be a hole."""
    rim: Rim


def pieces_of(grid: Grid, box: Box, block: LocalLabels, fill_holes: int, boxed: bool) -> BlockPieces:
    """The tables of a labelled block.

    Args:
        grid: the blocks of the plane.
        box: the block.
        block: its components, those of the background too where holes are filled.
        fill_holes: holes of at most that many pixels become part of the cell around them.
        boxed: the bounding boxes are wanted, too.
    """
    sizes, firsts, boxes = measure(block.labels, block.count, box.top, box.left, grid.width)
    rim, inside = rim_of(block.labels), np.zeros((0, 2), np.int64)
    edge = edge_of_plane(grid, box, rim)
    if fill_holes:
        candidates = (np.arange(block.count + 1) > block.cells) & (sizes <= fill_holes)
        candidates[edge] = False
        inside = np.unique(neighbours(block.labels, block.cells, candidates), axis=0)
    return BlockPieces(
        block.cells, sizes, firsts, block.sure, boxes if boxed else boxes[:1], np.unique(edge), inside, rim
    )


@dataclass(slots=True)
class PiecesOfPlane:
    """Tables of the blocks of a plane, added in scan order; what is one component across seams is united in the end."""

    grid: Grid
    fill_holes: int
    least: Least
    """Instances that have less are left out."""
    boxed: bool
    """The bounding boxes of the instances are wanted."""
    labels: Callable[[Box], NDArray[np.int32]]
    """Gives the labels of a block."""
    _seams: Seams = field(init=False)
    _sizes: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _firsts: list[NDArray[np.int64]] = field(default_factory=lambda: [np.full(1, 2**62, np.int64)])
    _sure: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _boxes: list[NDArray[np.int32]] = field(default_factory=lambda: [np.zeros((1, 4), np.int32)])
    _cell: list[NDArray[np.bool_]] = field(default_factory=lambda: [np.zeros(1, bool)])
    _edge: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(0, np.int64)])
    _offsets: list[int] = field(default_factory=lambda: [0])
    _same: list[LabelPairs] = field(default_factory=lambda: [np.zeros((0, 2), np.int64)])
    _beside: list[LabelPairs] = field(default_factory=lambda: [np.zeros((0, 2), np.int64)])

    def __post_init__(self) -> None:
        self._seams = Seams(self.grid)

    def add(self, pieces: BlockPieces) -> None:
        """Add the next block."""
        box, offset = self.grid[len(self._offsets) - 1], self._offsets[-1]
        numbers = np.arange(len(pieces.sizes))
        cell = numbers <= pieces.cells
        signs = np.where(cell, 1, -1) * (numbers + offset)
        signs[0] = 0
        same, beside = self._seams.meet(box, pieces.rim, signs)
        self._same.append(same)
        if self.fill_holes:
            self._beside += [beside, pieces.inside + offset]
        self._sizes.append(pieces.sizes[1:])
        self._firsts.append(pieces.firsts[1:])
        self._sure.append(pieces.sure[1:])
        self._boxes.append(pieces.boxes[1:])
        self._cell.append(cell[1:])
        self._edge.append(pieces.edge[pieces.edge > 0].astype(np.int64) + offset)
        self._offsets.append(offset + len(numbers) - 1)

    def plane(self) -> LabelledPlane:
        """The plane, numbered, when the last block was added."""
        nodes = self._united()
        names, count = number(nodes, self.least)
        boxes = _boxes_of(names, count, np.concatenate(self._boxes)) if self.boxed else no_boxes()
        return LabelledPlane(self.grid, count, names, nodes.offsets, self.labels, boxes)

    def _united(self) -> Nodes:
        sizes, firsts, cell = np.concatenate(self._sizes), np.concatenate(self._firsts), np.concatenate(self._cell)
        keys = np.arange(len(sizes))
        unite_pairs(keys, np.concatenate(self._same))
        if self.fill_holes:
            cell = cell | _small_holes(keys, sizes, cell, np.concatenate(self._edge), self.fill_holes)
            beside = np.concatenate(self._beside)
            unite_pairs(keys, beside[cell[beside[:, 0]]])
        return Nodes(np.array(self._offsets), np.where(cell, keys, 0), sizes, firsts, np.concatenate(self._sure))


def _boxes_of(names: NDArray[np.uint32], count: int, boxes: NDArray[np.int32]) -> NDArray[np.int32]:
    """(count + 1, 4) bounding boxes of the instances that ids (nodes + 1,) make of nodes with boxes (nodes + 1, 4)."""
    found = np.full((count + 1, 4), np.iinfo(np.int32).max, np.int32)
    found[:, 2:] = 0
    np.minimum.at(found[:, :2], names, boxes[:, :2])
    np.maximum.at(found[:, 2:], names, boxes[:, 2:])
    return found


def _small_holes(
    keys: NDArray[np.int64],
    sizes: NDArray[np.int64],
    cell: NDArray[np.bool_],
    edge: NDArray[np.int64],
    fill_holes: int,
) -> NDArray[np.bool_]:
    """For each node whether it belongs to a hole that is filled."""
    whole, outside = np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    np.add.at(whole, keys, sizes)
    outside[keys[edge]] = True
    small: NDArray[np.bool_] = ~cell & ((whole <= fill_holes) & ~outside)[keys]
    return small

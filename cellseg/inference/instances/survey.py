"""The first pass: every block is labelled alone; what is kept are tables of its components and of its seams.

Memory grows with the width of the plane and the number of components, never with the area.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.components import LocalLabels, measure
from cellseg.inference.instances.holes import neighbours
from cellseg.inference.instances.numbering import Nodes
from cellseg.inference.instances.seams import LabelPairs, Seams, edge_of_plane
from cellseg.inference.instances.unionfind import unite_pairs
from cellseg.inference.tiling import Box


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Components of a whole plane."""

    nodes: Nodes
    boxes: NDArray[np.int32]
    """(nodes + 1, 4) bounding box of each node: top, left, bottom, right; (1, 4) where they are not wanted."""

    def instance_boxes(self, names: NDArray[np.uint32], count: int) -> NDArray[np.int32]:
        """(count + 1, 4) bounding boxes of the instances that the ids `names` (nodes + 1,) make."""
        found = np.full((count + 1, 4), np.iinfo(np.int32).max, np.int32)
        found[:, 2:] = 0
        np.minimum.at(found[:, :2], names, self.boxes[:, :2])
        np.maximum.at(found[:, 2:], names, self.boxes[:, 2:])
        return found


@dataclass(slots=True)
class _Notes:
    """Notes taken block after block."""

    boxed: bool
    sizes: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    firsts: list[NDArray[np.int64]] = field(default_factory=lambda: [np.full(1, 2**62, np.int64)])
    boxes: list[NDArray[np.int32]] = field(default_factory=lambda: [np.zeros((1, 4), np.int32)])
    cell: list[NDArray[np.bool_]] = field(default_factory=lambda: [np.zeros(1, bool)])
    edge: list[NDArray[np.bool_]] = field(default_factory=lambda: [np.zeros(1, bool)])
    offsets: list[int] = field(default_factory=lambda: [0])
    same: list[LabelPairs] = field(default_factory=lambda: [np.zeros((0, 2), np.int64)])
    beside: list[LabelPairs] = field(default_factory=lambda: [np.zeros((0, 2), np.int64)])


def survey(
    label: Callable[[Box], LocalLabels], grid: Grid, fill_holes: int = 0, *, boxed: bool = False
) -> Generator[None, None, Survey]:
    """Find the components of a plane; yields after each block.

    Args:
        label: gives the components of a block, those of the background too where holes are filled.
        fill_holes: holes of at most that many pixels become part of the cell around them.
        boxed: the bounding boxes are wanted, too.
    """
    notes, seams = _Notes(boxed), Seams(grid)
    for box in grid:
        _note(notes, seams, grid, box, label(box), fill_holes)
        yield
    return _join(notes, fill_holes)


def _note(notes: _Notes, seams: Seams, grid: Grid, box: Box, block: LocalLabels, fill_holes: int) -> None:
    sizes, firsts, boxes = measure(block.labels, block.count, box.top, box.left, grid.width)
    cell = np.arange(block.count + 1) <= block.cells
    edge = np.zeros(block.count + 1, bool)
    edge[edge_of_plane(grid, box, block.labels)] = True
    offset = notes.offsets[-1]
    signs = np.where(cell, 1, -1) * (np.arange(block.count + 1) + offset)
    signs[0] = 0
    same, beside = seams.meet(box, block.labels, signs)
    notes.same.append(same)
    if fill_holes:
        inside = neighbours(block.labels, block.cells, ~cell & ~edge & (sizes <= fill_holes))
        notes.beside += [beside, np.unique(inside, axis=0) + offset]
    notes.sizes.append(sizes[1:])
    notes.firsts.append(firsts[1:])
    if notes.boxed:
        notes.boxes.append(boxes[1:])
    notes.cell.append(cell[1:])
    notes.edge.append(edge[1:])
    notes.offsets.append(offset + block.count)


def _join(notes: _Notes, fill_holes: int) -> Survey:
    sizes, firsts, cell = np.concatenate(notes.sizes), np.concatenate(notes.firsts), np.concatenate(notes.cell)
    keys = np.arange(len(sizes))
    unite_pairs(keys, np.concatenate(notes.same))
    if fill_holes:
        cell = cell | _small_holes(keys, sizes, cell, np.concatenate(notes.edge), fill_holes)
        beside = np.concatenate(notes.beside)
        unite_pairs(keys, beside[cell[beside[:, 0]]])
    nodes = Nodes(np.array(notes.offsets), np.where(cell, keys, 0), sizes, firsts)
    return Survey(nodes, np.concatenate(notes.boxes))


def _small_holes(
    keys: NDArray[np.int64],
    sizes: NDArray[np.int64],
    cell: NDArray[np.bool_],
    edge: NDArray[np.bool_],
    fill_holes: int,
) -> NDArray[np.bool_]:
    """For each node whether it belongs to a hole that is filled."""
    whole, outside = np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    np.add.at(whole, keys, sizes)
    np.logical_or.at(outside, keys, edge)
    small: NDArray[np.bool_] = ~cell & ((whole <= fill_holes) & ~outside)[keys]
    return small

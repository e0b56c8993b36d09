"""Later passes: new labels for every block of a plane, made from those that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.components import measure, sure_pixels
from cellseg.inference.instances.instance_options import Least
from cellseg.inference.instances.numbering import Nodes, number
from cellseg.inference.instances.plane import LabelledPlane, MaskReader
from cellseg.inference.instances.store import BlockStore
from cellseg.inference.instances.unionfind import unite_pairs
from cellseg.inference.instances.window_seams import WindowRim, WindowSeams
from cellseg.inference.tiling import Box
from cellseg.metrics.overlap import run_starts

Render = Callable[[LabelledPlane, Box], tuple[NDArray[np.integer], WindowRim | None]]
"""Keys of a block of a plane, (h, w), 0 = background, and what it says of its seams, if anything. Pixels of one key are
one instance, whatever their blocks."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockKeys:
    """Keys of one block, as far as the plane has to know of them; label k of the block is key k - 1."""

    keys: NDArray[np.int64]
    """(k,) in rising order, without 0."""
    sizes: NDArray[np.int64]
    """(k,) pixels of each."""
    firsts: NDArray[np.int64]
    """(k,) first pixel of each in the plane."""
    sure: NDArray[np.int64]
    """(k,) pixels of each that are SURE, where that is asked for."""
    rim: WindowRim | None


def rebuilt_block(
    plane: LabelledPlane, grid: Grid, box: Box, render: Render, store: BlockStore, read: MaskReader | None = None
) -> BlockKeys:
    """Render a block of `grid` from a plane, and put its labels into the store; `read` gives the mask that is SURE."""
    image, rim = render(plane, box)
    keys, labels = _compact(image)
    sizes, firsts, _ = measure(labels, len(keys), box.top, box.left, grid.width)
    store.put(box, labels)
    sure = sure_pixels(labels, read(box.rows, box.columns) if read else None, len(keys))
    return BlockKeys(keys, sizes[1:], firsts[1:], sure[1:], rim)


@dataclass(slots=True)
class KeysOfPlane:
    """Keys of the blocks of a plane, added in scan order; equal ones are one instance."""

    grid: Grid
    least: Least
    """Instances that have less are left out."""
    labels: Callable[[Box], NDArray[np.int32]]
    """Gives the labels of a block."""
    _seams: WindowSeams = field(init=False)
    _keys: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _sizes: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _firsts: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _sure: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _offsets: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self._seams = WindowSeams(self.grid)

    def add(self, block: BlockKeys) -> None:
        """Add the next block."""
        self._seams.meet(self.grid[len(self._offsets) - 1], block.rim)
        self._keys.append(block.keys)
        self._sizes.append(block.sizes)
        self._firsts.append(block.firsts)
        self._sure.append(block.sure)
        self._offsets.append(self._offsets[-1] + len(block.keys))

    def plane(self) -> LabelledPlane:
        """The plane, numbered, when the last block was added."""
        keys = _joined(np.concatenate(self._keys), self._seams.pairs)
        sizes, firsts, sure = map(np.concatenate, (self._sizes, self._firsts, self._sure))
        nodes = Nodes(np.array(self._offsets), keys, sizes, firsts, sure)
        names, count = number(nodes, self.least)
        return LabelledPlane(self.grid, count, names, nodes.offsets, self.labels)


def _joined(keys: NDArray[np.int64], same: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The keys with those of each pair made equal."""
    if not same:
        return keys
    pairs = np.concatenate(same)
    values, index = np.unique(np.concatenate([keys, pairs.ravel()]), return_inverse=True)
    parent = np.arange(len(values))
    unite_pairs(parent, index[len(keys) :].reshape(-1, 2))
    joined: NDArray[np.int64] = values[parent[index[: len(keys)]]]
    return joined


def _compact(image: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The keys that occur, without 0, and for each pixel the number of its key from 1 on, 0 for 0."""
    starts = run_starts(image)
    keys, inverse = np.unique(image.reshape(-1)[starts], return_inverse=True)
    background = int(keys[0] == 0)
    runs = (inverse + 1 - background).astype(np.int32)
    labels = np.repeat(runs, np.diff(starts, append=image.size)).reshape(image.shape)
    return keys[background:].astype(np.int64), labels

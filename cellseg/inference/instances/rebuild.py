"""A second pass: new labels for every block of a plane, made from those that it has."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.components import measure
from cellseg.inference.instances.numbering import Nodes, number
from cellseg.inference.instances.plane import LabelledPlane, keep_blocks
from cellseg.inference.instances.store import BlockStore
from cellseg.inference.tiling import Box
from cellseg.metrics.overlap import run_starts

Render = Callable[[LabelledPlane, Box], NDArray[np.integer]]
"""Keys of a block of a plane, (h, w), 0 = background; pixels of one key are one instance, whatever their blocks."""


def rebuild(
    plane: LabelledPlane, render: Render, store: BlockStore, minimum_size: int = 0
) -> Generator[None, None, LabelledPlane]:
    """The plane whose instances are what `render` says; yields after each block. The blocks are kept in `store`."""
    grid = plane.grid
    sizes, firsts, all_keys = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    offsets = [0]
    for index in range(len(grid)):
        box = grid[index]
        keys, labels = _compact(render(plane, box))
        measured = measure(labels, len(keys), box.top, box.left, grid.width)
        store.put(index, labels)
        sizes.append(measured[0][1:])
        firsts.append(measured[1][1:])
        all_keys.append(keys)
        offsets.append(offsets[-1] + len(keys))
        yield
    nodes = Nodes(np.array(offsets), *(np.concatenate(table) for table in (all_keys, sizes, firsts)))
    names, count = number(nodes, minimum_size)
    return LabelledPlane(grid, count, names, nodes.offsets, keep_blocks(store.get, grid))


def _compact(image: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The keys that occur, without 0, and for each pixel the number of its key from 1 on, 0 for 0."""
    starts = run_starts(image)
    keys, inverse = np.unique(image.reshape(-1)[starts], return_inverse=True)
    background = int(keys[0] == 0)
    runs = (inverse + 1 - background).astype(np.int32)
    labels = np.repeat(runs, np.diff(starts, append=image.size)).reshape(image.shape)
    return keys[background:].astype(np.int64), labels

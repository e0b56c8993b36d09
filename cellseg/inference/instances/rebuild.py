"""A second pass: new labels for every block of a plane, made from those that it has."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.components import measure
from cellseg.inference.instances.numbering import Nodes, number
from cellseg.inference.instances.plane import LabelledPlane, keep_blocks
from cellseg.inference.instances.store import BlockStore
from cellseg.inference.instances.unionfind import unite_pairs
from cellseg.inference.tiling import Box
from cellseg.metrics.overlap import run_starts

Render = Callable[[LabelledPlane, Box], NDArray[np.integer]]
"""Keys of a block of a plane, (h, w), 0 = background; pixels of one key are one instance, whatever their blocks."""


def rebuild(
    plane: LabelledPlane,
    grid: Grid,
    render: Render,
    store: BlockStore,
    *,
    minimum_size: int = 0,
    same: Sequence[NDArray[np.int64]] = (),
    rows: int = 1,
) -> Generator[None, None, LabelledPlane]:
    """The plane whose instances are what `render` says; yields after each block.

    Args:
        grid: blocks of the new plane, in which it is rendered, in scan order.
        store: keeps them.
        minimum_size: smaller instances are left out.
        same: pairs of keys (k, 2) that are one instance; read when all is rendered.
        rows: rows of blocks that the new plane remembers.
    """
    sizes, firsts, all_keys = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    offsets = [0]
    for box in grid:
        keys, labels = _compact(render(plane, box))
        measured = measure(labels, len(keys), box.top, box.left, grid.width)
        store.put(box, labels)
        sizes.append(measured[0][1:])
        firsts.append(measured[1][1:])
        all_keys.append(keys)
        offsets.append(offsets[-1] + len(keys))
        yield
    joined = _joined(np.concatenate(all_keys), same)
    nodes = Nodes(np.array(offsets), joined, np.concatenate(sizes), np.concatenate(firsts))
    names, count = number(nodes, minimum_size)
    return LabelledPlane(grid, count, names, nodes.offsets, keep_blocks(store.get, rows * grid.columns))


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

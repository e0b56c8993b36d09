"""Final ids: 1..n in the order in which the first pixels of the instances come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Int64
from cellseg.inference.instances.instance_options import Least


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The labels of all blocks of a plane, block after block; instance = all nodes of one key.

    Label k of block b is node offsets[b] + k; node 0 is no label.
    """

    offsets: Int64
    """(blocks + 1,) nodes before each block, and in the end their number."""
    keys: Int64
    """(nodes + 1,) what names the instance a node belongs to, 1 or more; 0 = background."""
    sizes: Int64
    """(nodes + 1,) pixels."""
    firsts: Int64
    """(nodes + 1,) first pixel in scan order."""
    sure: Int64
    """(nodes + 1,) pixels that are SURE; of use where that is asked for."""


def number(nodes: Nodes, least: Least) -> tuple[NDArray[np.uint32], int]:
    """Id of each node, uint32 (nodes + 1,), and the number of instances; those with less become background."""
    cells = np.flatnonzero(nodes.keys)
    keys, instance = np.unique(nodes.keys[cells], return_inverse=True)
    sizes, sure, firsts = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64), np.full(len(keys), 2**62)
    np.add.at(sizes, instance, nodes.sizes[cells])
    np.add.at(sure, instance, nodes.sure[cells])
    np.minimum.at(firsts, instance, nodes.firsts[cells])
    kept = np.flatnonzero((sizes >= least.size) & ((2 * sure >= sizes) | (not least.sure)))
    ids = np.zeros(len(keys), np.uint32)
    ids[kept[np.argsort(firsts[kept])]] = np.arange(1, len(kept) + 1)
    names = np.zeros(len(nodes.keys), np.uint32)
    names[cells] = ids[instance]
    return names, len(kept)


def in_scan_order(labels: NDArray[np.signedinteger]) -> NDArray[np.int32]:
    """The same instances (H, W), numbered 1..n in the order in which their first pixels come."""
    flat = labels.ravel()
    first = np.full(int(flat.max(initial=0)) + 1, flat.size)
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)  # the last one written is the first pixel
    order = np.argsort(first[1:], kind="stable") + 1
    names = np.zeros(len(first), np.int32)
    names[order] = np.arange(1, len(first))
    renamed: NDArray[np.int32] = names[labels]
    return renamed

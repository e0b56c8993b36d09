"""Connected components of one block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled
from cellseg.inference.instances.instance_options import CELL, CORE, SURE
from cellseg.inference.instances.plane import MaskReader
from cellseg.inference.instances.unionfind import root, unite
from cellseg.inference.tiling import Box


@dataclass(frozen=True, slots=True, eq=False)
class LocalLabels:
    """Components of a block, numbered in scan order of their first pixels: first the cells, then the background's."""

    labels: NDArray[np.int32]
    """(h, w): 1..cells = foreground, cells + 1..count = background; 0 = background that nobody asked for."""
    cells: int
    """Components of the foreground, 4-connected."""
    count: int
    """Components in all; the background's are 8-connected."""
    sure: NDArray[np.int64]
    """(count + 1,) pixels of each that are SURE, where that is asked for."""


def label_block(read: MaskReader, box: Box, *, holes: bool, cores: bool = False, sure: bool = False) -> LocalLabels:
    """Components of a block of a mask, or of the cores in it; those of the rest where holes are asked for."""
    mask = read(box.rows, box.columns)
    foreground = np.ascontiguousarray(mask & (CELL | CORE) == CORE if cores else mask != 0)
    labels = np.zeros(foreground.shape, np.int32)
    cells = _label(foreground, False, 0, labels)
    count = _label(~foreground, True, cells, labels) if holes else cells
    return LocalLabels(labels, cells, count, sure_pixels(labels, mask if sure else None, count))


def sure_pixels(labels: NDArray[np.int32], mask: NDArray[Any] | None, count: int) -> NDArray[np.int64]:
    """(count + 1,) pixels of each label (h, w) that are SURE in the mask (h, w); none where nobody asks for them."""
    if mask is None:
        return np.zeros(count + 1, np.int64)
    return np.bincount(labels[mask & SURE > 0], minlength=count + 1)


@compiled
def _label(mask: NDArray[np.bool_], diagonal: bool, before: int, labels: NDArray[np.int32]) -> int:
    """Write before + 1, before + 2, ... to the components of `mask`; the last number that was given.

    Two passes (Rosenfeld and Pfaltz 1966): first numbers with union-find, then the final ones. A component's first
    pixel always gets a number of its own, the smallest of the component, so the order is that of the first pixels.
    """
    height, width = mask.shape
    parent = np.zeros(height * width // 2 + 2, np.int32)  # no more pixels than that can have no neighbour before them
    used = 0
    for y in range(height):
        for x in range(width):
            if not mask[y, x]:
                continue
            own = 0
            if x > 0 and mask[y, x - 1]:
                own = labels[y, x - 1]
            if y > 0:
                for step in range(-1, 2):
                    u = x + step
                    if (step == 0 or diagonal) and 0 <= u < width and mask[y - 1, u]:
                        other = labels[y - 1, u]
                        own = other if own == 0 or own == other else unite(parent, own, other)
            if own == 0:
                used += 1
                parent[used] = used
                own = used
            labels[y, x] = own
    final = np.zeros(used + 1, np.int32)
    count = before
    for number in range(1, used + 1):
        if parent[number] == number:
            count += 1
            final[number] = count
        else:
            final[number] = final[root(parent, number)]
    for y in range(height):
        for x in range(width):
            if mask[y, x]:
                labels[y, x] = final[labels[y, x]]
    return count


@compiled
def measure(
    labels: NDArray[np.int32], count: int, top: int, left: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Of each label 1..count of a block: pixels, first pixel and bounding box; entry 0 of each table is unused.

    Args:
        labels: (h, w), 0 is not counted.
        top, left: where the block lies in the plane.
        width: of the plane, in pixels.

    Returns:
        (count + 1,) pixels; (count + 1,) first pixel as y * width + x in the plane; (count + 1, 4) top, left,
        bottom, right in the plane, the last two exclusive. A label without a pixel has a first pixel of 2^62.
    """
    sizes = np.zeros(count + 1, np.int64)
    firsts = np.full(count + 1, 2**62, np.int64)
    boxes = np.zeros((count + 1, 4), np.int32)
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            own = labels[y, x]
            if own == 0:
                continue
            v, u = top + y, left + x
            box = boxes[own]
            if sizes[own] == 0:
                firsts[own] = v * width + u
                box[0], box[1], box[3] = v, u, u + 1
            sizes[own] += 1
            box[1] = min(box[1], u)
            box[2] = v + 1
            box[3] = max(box[3], u + 1)
    return sizes, firsts, boxes

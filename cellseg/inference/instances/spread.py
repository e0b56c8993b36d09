"""Spreading: instances that were found as sure cores take the less sure pixels around them.

A core spreads step by step to its 4-neighbours within the mask, at most REACH steps; where two meet in the same step,
the one above takes the pixel, then the one on the left, on the right, below. The rule knows no block and no id. Cells
whose masks touch but whose cores do not are so told apart, and a mask without a core is no cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled
from cellseg.inference.instances.plane import LabelledPlane, MaskReader
from cellseg.inference.tiling import Box

REACH = 32
"""Steps that a core spreads at most; what lies farther from it is not its cell's unsure border."""
NEIGHBOURS = ((-1, 0), (0, -1), (0, 1), (1, 0))
"""In the order in which they win."""


def spread_block(plane: LabelledPlane, box: Box, read: MaskReader) -> tuple[NDArray[np.uint32], None]:
    """Ids of a block of a plane (h, w) after its instances spread over the mask, see `Render`."""
    seen = plane.grid.around(box, REACH)
    y, x = box.top - seen.top, box.left - seen.left
    room = np.ascontiguousarray(read(seen.rows, seen.columns) != 0)
    return _spread(plane.read_box(seen), room, REACH)[y : y + box.height, x : x + box.width], None


@compiled
def _spread(cores: NDArray[np.uint32], room: NDArray[np.bool_], reach: int) -> NDArray[np.uint32]:
    """Breadth first; a pixel of a step sees only those of the step before."""
    height, width = cores.shape
    out = cores.copy()
    step_of = np.full((height, width), -1, np.int32)
    front = np.empty((height * width, 2), np.int32)
    begin, end = 0, 0
    for y in range(height):
        for x in range(width):
            if cores[y, x]:
                step_of[y, x] = 0
                if _open(cores, room, y, x):
                    front[end, 0], front[end, 1] = y, x
                    end += 1
    for step in range(1, reach + 1):
        last = end
        for k in range(begin, last):
            for dy, dx in NEIGHBOURS:
                v, u = front[k, 0] + dy, front[k, 1] + dx
                if 0 <= v < height and 0 <= u < width and room[v, u] and step_of[v, u] < 0:
                    step_of[v, u] = step
                    front[end, 0], front[end, 1] = v, u
                    end += 1
        for k in range(last, end):
            for dy, dx in NEIGHBOURS:
                v, u = front[k, 0] + dy, front[k, 1] + dx
                if 0 <= v < height and 0 <= u < width and step_of[v, u] == step - 1:
                    out[front[k, 0], front[k, 1]] = out[v, u]
                    break
        begin = last
    return out


@compiled
def _open(cores: NDArray[np.uint32], room: NDArray[np.bool_], y: int, x: int) -> bool:
    """True if a core can spread from here."""
    for dy, dx in NEIGHBOURS:
        v, u = y + dy, x + dx
        if 0 <= v < cores.shape[0] and 0 <= u < cores.shape[1] and room[v, u] and not cores[v, u]:
            return True
    return False

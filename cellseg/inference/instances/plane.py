"""A labelled plane: any region of it can be read, without the whole ever being in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.tiling import Box

T = TypeVar("T")

MaskReader = Callable[[slice, slice], NDArray[Any]]
"""Reads rows and columns of the mask of one plane, (h, w); not 0 = cell. Called again for the same pixels, it must
give the same."""


TABLES = "names", "offsets", "boxes"
"""Of a plane, each a file where other processes read it."""


def no_boxes() -> NDArray[np.int32]:
    """The table of bounding boxes where these are not wanted."""
    return np.zeros((1, 4), np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPlane:
    """Instances of one plane, numbered 1..count in scan order of their first pixels.

    Blocks are rendered when they are read; a row of them is kept, so reading in scan order costs each once.
    """

    grid: Grid
    count: int
    """Instances in this plane."""
    names: NDArray[np.uint32]
    """(nodes + 1,) id of each node, see `Nodes`."""
    offsets: NDArray[np.int64]
    """(blocks + 1,) nodes before each block."""
    local: Callable[[Box], NDArray[np.int32]]
    """Labels of a block of the grid, (h, w)."""
    boxes: NDArray[np.int32] = field(default_factory=no_boxes)
    """(count + 1, 4) bounding box of each instance: top, left, bottom, right; (1, 4) where they are not wanted."""

    @property
    def largest(self) -> int:
        """The largest id; more than `count` where ids go on from another plane."""
        return int(self.names.max(initial=0))

    def read(self, rows: slice, columns: slice) -> NDArray[np.uint32]:
        """Ids of a region that lies within the plane, uint32 (h, w), 0 = background."""
        top, bottom, _ = rows.indices(self.grid.height)
        left, right, _ = columns.indices(self.grid.width)
        out = np.zeros((max(bottom - top, 0), max(right - left, 0)), np.uint32)
        if out.size == 0:
            return out
        for index in self.grid.touching(Box(top, left, *out.shape)):
            box = self.grid[index]
            y, x = max(box.top, top), max(box.left, left)
            inside = slice(y - box.top, bottom - box.top), slice(x - box.left, right - box.left)
            part = self.block_names(index)[self.local(box)[inside]]
            out[y - top : y - top + part.shape[0], x - left : x - left + part.shape[1]] = part
        return out

    def read_box(self, box: Box) -> NDArray[np.uint32]:
        """`read` of a box within the plane."""
        return self.read(box.rows, box.columns)

    def release(self) -> None:
        """Forget the blocks that are kept; they are rendered again when they are read."""
        getattr(self.local, "cache_clear", lambda: None)()

    def block_names(self, index: int) -> NDArray[np.uint32]:
        """Id of each label of a block, from label 0 on."""
        names = self.names[self.offsets[index] : self.offsets[index + 1] + 1].copy()
        names[0] = 0
        return names

    def renamed(self, ids: NDArray[np.uint32]) -> LabelledPlane:
        """The same instances under other ids: `ids` (count + 1,) says which, ids[0] = 0."""
        return replace(self, names=ids[self.names])

    def save(self, folder: Path) -> None:
        """Write its tables into a folder, where other processes open them with `saved_plane`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            np.save(folder / f"{name}.npy", getattr(self, name))


def saved_plane(folder: Path, grid: Grid, local: Callable[[Box], NDArray[np.int32]]) -> LabelledPlane:
    """A plane whose tables were saved; they stay on the disk, and what is looked up of them is read."""
    names, offsets, boxes = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in TABLES)
    return LabelledPlane(grid, int(names.max(initial=0)), names, offsets, local, boxes)


def keep_blocks(make: Callable[[Box], T], blocks: int) -> Callable[[Box], T]:
    """`make` that remembers what it made of so many blocks, the last ones, and of one more."""
    return lru_cache(maxsize=blocks + 1)(make)

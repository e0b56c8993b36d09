"""Labels of blocks that are not in memory: one chunk of a zarr store a block."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from numpy.typing import NDArray

from cellseg.inference.instances.blocks import Grid
from cellseg.inference.tiling import Box


class BlockStore(Protocol):
    """Keeps the labels of each block, int32 (h, w), by the block."""

    def begin(self) -> None:
        """Make it, empty; once, before any process puts something in."""
        ...

    def put(self, box: Box, labels: NDArray[np.int32]) -> None: ...

    def get(self, box: Box) -> NDArray[np.int32]: ...


class MemoryStore:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self._blocks: dict[Box, NDArray[np.int32]] = {}

    def begin(self) -> None:
        self._blocks.clear()

    def put(self, box: Box, labels: NDArray[np.int32]) -> None:
        self._blocks[box] = labels

    def get(self, box: Box) -> NDArray[np.int32]:
        return self._blocks[box]


class DiskStore:
    """Keeps them compressed in a folder; what was there before is overwritten when it is begun."""

    def __init__(self, folder: Path, grid: Grid) -> None:
        self._folder, self._grid = folder, grid

    def begin(self) -> None:
        grid = self._grid
        shape, chunks = (grid.height, grid.width), (grid.block, grid.block)
        zarr.create_array(str(self._folder), shape=shape, chunks=chunks, dtype=np.int32, overwrite=True)

    def put(self, box: Box, labels: NDArray[np.int32]) -> None:
        self._array[box.rows, box.columns] = labels

    def get(self, box: Box) -> NDArray[np.int32]:
        labels: NDArray[np.int32] = self._array[box.rows, box.columns]
        return labels

    @cached_property
    def _array(self) -> Any:
        return zarr.open_array(str(self._folder), mode="r+")


def store_in(scratch: Path | None, name: str, grid: Grid) -> BlockStore:
    """A store in the folder `scratch`, or in memory where there is none."""
    return DiskStore(scratch / name, grid) if scratch else MemoryStore()

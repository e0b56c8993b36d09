"""The blocks of a label store: those in memory, those that differ from their files, and those that have a file.

They may lie on top of other labels, such as the cells that a network found: then a block has a file only where
something was changed, and all else is read from what lies beneath.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import UInt32
from napari_cellseg.pixels.selection import Slices, shape_of
from napari_cellseg.project import chunks
from napari_cellseg.project.chunks import ChunkIndex

MOST_BLOCKS = 2048
"""Kept in memory: 512 MB, a plane of 11,600 x 11,600."""


class LabelBlocks:
    """Blocks of one store, changed in memory and written when asked to; the caller keeps threads apart."""

    def __init__(self, folder: Path, *, writable: bool, beneath: Any = None) -> None:
        """Blocks of the zarr array in a folder.

        Args:
            folder: of the array.
            writable: no other process changes them.
            beneath: labels of the same shape that are seen where there is no block; None = zeros.
        """
        self._folder = folder
        self._writable = writable
        self._beneath = beneath
        self._held: OrderedDict[ChunkIndex, UInt32] = OrderedDict()
        self._unwritten: set[ChunkIndex] = set()
        """Blocks that differ from their files."""
        there = writable and chunks.exists(folder)
        self._files: set[ChunkIndex] = set(chunks.files_in(folder)) if there else set()
        """Blocks that have a file; of a store that may be written, nobody else adds one."""

    def annotated(self) -> set[ChunkIndex]:
        """Blocks in which something is annotated; of those that lie on other labels, those that were changed."""
        if not self._writable:
            return set(chunks.files_in(self._folder)) if chunks.exists(self._folder) else set()
        if self._beneath is not None:
            return self._files | self._unwritten
        return self._files - self._unwritten | {index for index in self._unwritten if self._held[index].any()}

    def read(self, box: Slices) -> UInt32:
        """A copy of the pixels of a box."""
        one = chunks.within_one(box)
        if one is not None and (block := self._block(one[0])) is not None:
            return block[one[1]].copy()  # nearly all dabs of a brush
        values = self._read_beneath(box)
        for index in chunks.blocks_of(box):
            if (block := self._own(index)) is not None:
                in_box, in_block = chunks.overlap(box, index)
                values[in_box] = block[in_block]
        return values

    def change(self, box: Slices, values: UInt32) -> None:
        """Change the pixels of a box in memory."""
        one = chunks.within_one(box)
        if one is not None and (held := self._block(one[0])) is not None:
            held[one[1]] = values
            self._unwritten.add(one[0])
            return
        for index in chunks.blocks_of(box):
            in_box, in_block = chunks.overlap(box, index)
            self._change_block(index, in_block, values[in_box])

    def unwritten(self, indices: Iterable[ChunkIndex] | None = None) -> dict[ChunkIndex, UInt32]:
        """Copies of the blocks that differ from their files, of all or of some."""
        asked = self._unwritten if indices is None else self._unwritten.intersection(indices)
        return {index: self._held[index].copy() for index in asked}

    def write(self, index: ChunkIndex, block: UInt32) -> None:
        """Write a block to its file.

        Raises:
            InputError: it cannot be written.
        """
        kept = self._beneath is not None
        chunks.write(self._folder, index, block, keep_empty=kept)
        self._files.add(index) if kept or block.any() else self._files.discard(index)

    def settle(self, written: Mapping[ChunkIndex, UInt32]) -> None:
        """Forget that blocks differ from their files, but for those that were changed since."""
        self._unwritten.difference_update(
            index for index, block in written.items() if np.array_equal(self._held[index], block)
        )

    def _change_block(self, index: ChunkIndex, place: Slices, new: UInt32) -> None:
        old = self._block(index)
        block = np.zeros(chunks.block_shape(len(index)), np.uint32) if old is None else old
        if np.array_equal(block[place], new):
            return
        block[place] = new
        self._unwritten.add(index)
        self._hold(index, block)

    def _block(self, index: ChunkIndex) -> UInt32 | None:
        """A block as it is seen; None where it is zeros and was never written."""
        block = self._own(index)
        if block is None and self._beneath is not None:
            block = self._block_beneath(index)
            if self._writable:
                self._hold(index, block)
        return block

    def _own(self, index: ChunkIndex) -> UInt32 | None:
        """A block in memory or in its file; None where there is none."""
        if index in self._held:
            self._held.move_to_end(index)
            return self._held[index]
        if not self._writable:
            return chunks.read(self._folder, index)  # what another process may change is read anew
        block = chunks.read(self._folder, index) if index in self._files else None
        if block is not None:
            self._hold(index, block)
        return block

    def _read_beneath(self, box: Slices) -> UInt32:
        """A new array of what lies beneath a box."""
        if self._beneath is None:
            return np.zeros(shape_of(box), np.uint32)
        return np.array(self._beneath[box], np.uint32)

    def _block_beneath(self, index: ChunkIndex) -> UInt32:
        """The pixels beneath a block, with zeros beyond the edges."""
        box = chunks.box_of(index, self._beneath.shape)
        block = np.zeros(chunks.block_shape(len(index)), np.uint32)
        block[tuple(slice(0, length) for length in shape_of(box))] = self._beneath[box]
        return block

    def _hold(self, index: ChunkIndex, block: UInt32) -> None:
        self._held[index] = block
        self._held.move_to_end(index)
        if len(self._held) > MOST_BLOCKS + len(self._unwritten):
            del self._held[next(old for old in self._held if old not in self._unwritten)]

"""Labels on disk that napari paints into as into an array."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.project import chunks
from napari_cellseg.project.chunks import Box, Index, Labels
from napari_cellseg.project.selection import plan

MOST_BLOCKS = 2048
"""Kept in memory: 512 MB, a plane of 11,600 x 11,600."""


class LabelStore:
    """An array of uint32 whose every change is on disk when `store[...] = values` returns.

    Reading gives copies, as zarr does: changing them changes nothing here. Only blocks in which a value changed are
    written. It may be used from several threads, but only one process may write (see `lock`).
    """

    dtype = np.dtype(np.uint32)

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        """Open a store that `chunks.create` made; use `open_store`, so that all who write share one."""
        self.folder = folder
        self.writable = writable
        self.shape = chunks.read_shape(folder)
        self.changes = 0
        """Blocks written so far, by which others may tell whether anything changed."""
        self._blocks: OrderedDict[Index, Labels] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"LabelStore({str(self.folder)!r}, shape={self.shape})"

    def __getitem__(self, key: Any) -> Any:
        box, inner = plan(key, self.shape)
        with self._lock:
            return self._read(box)[inner]

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.writable:
            found = "the project is open in another window, so that nothing can be annotated in this one"
            raise cellseg.InputError(found, "Close the other window, then open the project again.", path=self.folder)
        box, inner = plan(key, self.shape)
        with self._lock:
            values = self._read(box)
            values[inner] = value
            self._write(box, values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Labels:
        """A layer that is duplicated gets its own array: two layers must not paint into one store."""
        whole: Labels = self[...]
        return whole

    def max(self, axis: None = None, out: None = None) -> int:
        """The highest number; `numpy.max` calls this."""
        with self._lock:
            return max((int(self._read(self.box(index)).max()) for index in self.annotated_blocks()), default=0)

    def annotated_blocks(self) -> list[Index]:
        """Blocks that hold a value other than 0."""
        return sorted(chunks.files_in(self.folder))

    def box(self, index: Index) -> Box:
        """Pixels of a block, cut at the edges of the array."""
        sides = chunks.block_shape(self.ndim)
        cut = zip(index, sides, self.shape, strict=True)
        return tuple(slice(k * side, min((k + 1) * side, length)) for k, side, length in cut)

    def _read(self, box: Box) -> Labels:
        values = np.zeros([part.stop - part.start for part in box], np.uint32)
        for index in chunks.blocks_of(box):
            block = self._block(index)
            if block is not None:
                in_box, in_block = chunks.overlap(box, index)
                values[in_box] = block[in_block]
        return values

    def _write(self, box: Box, values: Labels) -> None:
        for index in chunks.blocks_of(box):
            in_box, in_block = chunks.overlap(box, index)
            new, old = values[in_box], self._block(index)
            if not new.any() if old is None else np.array_equal(old[in_block], new):
                continue
            block = np.zeros(chunks.block_shape(self.ndim), np.uint32) if old is None else old.copy()
            block[in_block] = new
            chunks.write(self.folder, index, block)  # first the disk: if it is full, memory must not tell otherwise
            self._remember(index, block)
            self.changes += 1

    def _block(self, index: Index) -> Labels | None:
        if index in self._blocks:
            self._blocks.move_to_end(index)
            return self._blocks[index]
        block = chunks.read(self.folder, index)
        if block is not None and self.writable:  # what another process may change is read anew
            self._remember(index, block)
        return block

    def _remember(self, index: Index, block: Labels) -> None:
        self._blocks[index] = block
        self._blocks.move_to_end(index)
        if len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)


_open: WeakValueDictionary[tuple[Path, bool], LabelStore] = WeakValueDictionary()
_opening = threading.Lock()


def open_store(folder: Path, *, writable: bool = True) -> LabelStore:
    """The store in a folder; who asks again gets the same one, so that all see what one of them writes.

    Raises:
        InputError: there is none, or another kind of array.
    """
    place = (folder.resolve(), writable)
    with _opening:
        store = _open.get(place)
        if store is None:
            store = _open[place] = LabelStore(place[0], writable=writable)
        return store

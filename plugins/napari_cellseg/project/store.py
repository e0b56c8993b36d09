"""Labels on disk that napari paints into as into an array."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any
from weakref import ReferenceType, WeakValueDictionary, finalize, ref

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.pixels.selection import Slices, plan
from napari_cellseg.project import chunks
from napari_cellseg.project.chunks import ChunkIndex, common
from napari_cellseg.project.journal import StoreJournal

MOST_BLOCKS = 2048
"""Kept in memory: 512 MB, a plane of 11,600 x 11,600."""
MOST_JOURNALLED = 4 << 20
"""Bytes of a change that goes to the journal."""
REST_S = 0.5
"""Time after a change in which more may follow before blocks are written."""

log = logging.getLogger(__name__)


class LabelStore:
    """An array of uint32 whose every change survives a kill of the program when `store[...] = values` returns.

    Small changes go to a journal first and into their blocks when no more follow (`flush`); large ones go there at
    once. Reading gives copies, as zarr does: changing them changes nothing here. Only blocks in which a value changed
    are written. It may be used from several threads, but only one process may write (see `lock`).
    """

    dtype = np.dtype(np.uint32)

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        """Open a store that `chunks.create` made; use `open_store`, so that all who write share one."""
        self.folder = folder
        self.writable = writable
        self.shape = chunks.read_shape(folder)
        self.changes = 0
        """Blocks written so far."""
        self._blocks: OrderedDict[ChunkIndex, UInt32] = OrderedDict()
        self._unwritten: set[ChunkIndex] = set()
        """Blocks that differ from their files; the journal holds what they need."""
        self._lock = threading.RLock()
        self._flushing = threading.Lock()
        self._journal = StoreJournal(folder)
        self._timer: threading.Timer | None = None
        self._files: set[ChunkIndex] = set()
        """Blocks that have a file; of a store that may be written, nobody else adds one."""
        if writable:
            self._files.update(chunks.files_in(folder))
            for box, values in self._journal.records():
                self._change(box, values)
        finalize(self, self._journal.close)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

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
        if self.dtype.itemsize * math.prod(part.stop - part.start for part in box) > MOST_JOURNALLED:
            with self._flushing, self._lock:
                self._flush()  # what is older in the journal would be applied on top of a large change
                if (values := self._changed(box, inner, value)) is not None:
                    self._write_through(box, values)
            return
        with self._lock:
            if (values := self._changed(box, inner, value)) is not None:
                self._journal.add(box, values)
                self._change(box, values)
                self._flush_soon()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> UInt32:
        """A layer that is duplicated gets its own array: two layers must not paint into one store."""
        whole: UInt32 = self[...]
        return whole

    def max(self, axis: None = None, out: None = None) -> int:
        """The highest number; `numpy.max` calls this."""
        with self._lock:
            return max((int(self._read(self.box(index)).max()) for index in self.annotated_blocks()), default=0)

    def annotated_blocks(self) -> list[ChunkIndex]:
        """Blocks in which something is annotated; of a store that only is read, perhaps some more."""
        with self._lock:
            if not self.writable:
                journalled = (index for box, _ in self._journal.records() for index in chunks.blocks_of(box))
                return sorted({*journalled, *chunks.files_in(self.folder)})
            unwritten = {index for index in self._unwritten if self._blocks[index].any()}
            return sorted(self._files - self._unwritten | unwritten)

    def flush(self) -> None:
        """Write all blocks that only the journal holds, and empty it.

        Raises:
            InputError: they cannot be written; the journal keeps what they need.
        """
        with self._flushing:
            self._flush()

    def box(self, index: ChunkIndex) -> Slices:
        """Pixels of a block, cut at the edges of the array."""
        sides = chunks.block_shape(self.ndim)
        cut = zip(index, sides, self.shape, strict=True)
        return tuple(slice(k * side, min((k + 1) * side, length)) for k, side, length in cut)

    def _read(self, box: Slices) -> UInt32:
        one = chunks.within_one(box) if self.writable else None
        if one is not None and (block := self._block(one[0])) is not None:
            return block[one[1]].copy()  # nearly all dabs of a brush
        values = np.zeros([part.stop - part.start for part in box], np.uint32)
        newer = [] if self.writable else list(self._journal.records())  # of the window that may write
        for index in chunks.blocks_of(box):
            block = self._block(index)
            if block is not None:
                in_box, in_block = chunks.overlap(box, index)
                values[in_box] = block[in_block]
        for place, new in newer:
            ours, theirs = common(box, place)
            values[ours] = new[theirs]
        return values

    def _changed(self, box: Slices, inner: tuple[Any, ...], value: Any) -> UInt32 | None:
        """A box as it is after a change, or None where nothing changes."""
        old = self._read(box)
        values = old.copy()
        values[inner] = value
        return None if np.array_equal(old, values) else values

    def _flush(self) -> None:
        """Write blocks, without holding up who paints meanwhile, until none differs from its file."""
        while True:
            with self._lock:
                taken = {index: self._blocks[index].copy() for index in self._unwritten}
                if not taken:
                    if self.writable:
                        self._journal.clear()
                    return
            for index, block in taken.items():
                self._write(index, block)
            with self._lock:
                same = [index for index, block in taken.items() if np.array_equal(self._blocks[index], block)]
                self._unwritten.difference_update(same)

    def _write_through(self, box: Slices, values: UInt32) -> None:
        """A large change, block by block."""
        for index in chunks.blocks_of(box):
            in_box, _ = chunks.overlap(box, index)
            part = tuple(slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, in_box, strict=True))
            self._change(part, values[in_box])
            if index in self._unwritten:
                self._write(index, self._blocks[index])
                self._unwritten.discard(index)

    def _write(self, index: ChunkIndex, block: UInt32) -> None:
        chunks.write(self.folder, index, block)
        self.changes += 1
        self._files.add(index) if block.any() else self._files.discard(index)

    def _change(self, box: Slices, values: UInt32) -> None:
        """Change blocks in memory."""
        one = chunks.within_one(box)
        if one is not None and (held := self._block(one[0])) is not None:
            held[one[1]] = values
            self._unwritten.add(one[0])
            return
        for index in chunks.blocks_of(box):
            in_box, in_block = chunks.overlap(box, index)
            new, old = values[in_box], self._block(index)
            if not new.any() if old is None else np.array_equal(old[in_block], new):
                continue
            block = np.zeros(chunks.block_shape(self.ndim), np.uint32) if old is None else old
            block[in_block] = new
            self._unwritten.add(index)
            self._remember(index, block)

    def _flush_soon(self) -> None:
        """Flush when no change has followed for a while."""
        if self._timer is None or not self._timer.is_alive():
            self._timer = threading.Timer(REST_S, _flush_quietly, [ref(self)])
            self._timer.daemon = True
            self._timer.start()

    def _block(self, index: ChunkIndex) -> UInt32 | None:
        if index in self._blocks:
            self._blocks.move_to_end(index)
            return self._blocks[index]
        if self.writable and index not in self._files:
            return None
        block = chunks.read(self.folder, index)
        if block is not None and self.writable:  # what another process may change is read anew
            self._remember(index, block)
        return block

    def _remember(self, index: ChunkIndex, block: UInt32) -> None:
        self._blocks[index] = block
        self._blocks.move_to_end(index)
        if len(self._blocks) > MOST_BLOCKS + len(self._unwritten):
            del self._blocks[next(old for old in self._blocks if old not in self._unwritten)]


def _flush_quietly(waiting: ReferenceType[LabelStore]) -> None:
    """In a thread of its own; what fails here is in the journal, and the next change tries again."""
    store = waiting()
    if store is not None:
        try:
            store.flush()
        except cellseg.InputError as error:
            log.warning("%s", error)


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

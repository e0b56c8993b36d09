"""Labels on disk that napari paints into as into an array."""

from __future__ import annotations

import logging
import math
import threading
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import ReferenceType, WeakValueDictionary, finalize, ref

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.pixels.selection import Slices, plan, shape_of
from napari_cellseg.project import chunks
from napari_cellseg.project.blocks import LabelBlocks
from napari_cellseg.project.chunks import ChunkIndex, common
from napari_cellseg.project.journal import StoreJournal

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

    def __init__(self, folder: Path, *, writable: bool = True, beneath: Any = None) -> None:
        """Open a store; use `open_store`, so that all who write share one.

        Args:
            folder: what `chunks.create` made. With `beneath` it need not be there: the first change makes it.
            writable: no other process writes.
            beneath: labels (..., H, W) that are seen wherever nothing was changed; they are never written to.
        """
        self.folder = folder
        self.writable = writable
        self._beneath = beneath
        found = beneath is None or chunks.exists(folder)
        self.shape = chunks.read_shape(folder) if found else tuple(int(length) for length in beneath.shape)
        self.changes = 0
        """Blocks written so far."""
        self._blocks = LabelBlocks(folder, writable=writable, beneath=beneath)
        """The journal holds what those need that differ from their files."""
        self._lock = threading.RLock()
        self._flushing = threading.Lock()
        self._journal = StoreJournal(folder)
        self._timer: threading.Timer | None = None
        if writable:
            for box, values in self._journal.records():
                self._blocks.change(box, values)
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
        large = self.dtype.itemsize * math.prod(shape_of(box)) > MOST_JOURNALLED
        (self._write_through if large else self._journalise)(box, inner, value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> UInt32:
        """A layer that is duplicated gets its own array: two layers must not paint into one store."""
        whole: UInt32 = self[...]
        return whole

    def max(self, axis: None = None, out: None = None) -> int:
        """The highest number; `numpy.max` calls this."""
        with self._lock:
            own = max((int(self._read(self.box(index)).max()) for index in self.annotated_blocks()), default=0)
            return max(own, self._most_beneath)

    @property
    def corrected(self) -> bool:
        """True if something was changed since there is a store, in this window or an earlier one."""
        return chunks.exists(self.folder)

    @cached_property
    def _most_beneath(self) -> int:
        """The highest number of what lies beneath."""
        if self._beneath is None:
            return 0
        planes = np.ndindex(*self.shape[:-2])
        return max(int(np.max(self._beneath[(*plane, slice(None), slice(None))])) for plane in planes)

    def annotated_blocks(self) -> list[ChunkIndex]:
        """Blocks in which something is annotated; of a store that only is read, perhaps some more."""
        with self._lock:
            newer = {index for box, _ in self._newer() for index in chunks.blocks_of(box)}
            every = newer | self._blocks.annotated()
            return sorted(index for index in every if min(shape_of(self.box(index))) > 0)  # no stray files

    def flush(self) -> None:
        """Write all blocks that only the journal holds, and empty it.

        Raises:
            InputError: they cannot be written; the journal keeps what they need.
        """
        with self._flushing:
            self._flush()

    def box(self, index: ChunkIndex) -> Slices:
        """Pixels of a block, cut at the edges of the array."""
        return chunks.box_of(index, self.shape)

    def _newer(self) -> list[tuple[Slices, UInt32]]:
        """Changes of the window that may write, where this is another one; read before the blocks they may move to."""
        return [] if self.writable else list(self._journal.records())

    def _read(self, box: Slices) -> UInt32:
        newer = self._newer()
        values = self._blocks.read(box)
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

    def _journalise(self, box: Slices, inner: tuple[Any, ...], value: Any) -> None:
        """Make a small change: in the journal and in memory, in its blocks when the hand rests."""
        with self._lock:
            if (values := self._changed(box, inner, value)) is not None:
                self._begin()
                self._journal.add(box, values)
                self._blocks.change(box, values)
                self._flush_soon()

    def _write_through(self, box: Slices, inner: tuple[Any, ...], value: Any) -> None:
        """Make a large change, block by block."""
        with self._flushing, self._lock:
            self._flush()  # what is older in the journal would be applied on top of a large change
            if (values := self._changed(box, inner, value)) is None:
                return
            self._begin()
            for index in chunks.blocks_of(box):
                in_box, _ = chunks.overlap(box, index)
                part = tuple(slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, in_box, strict=True))
                self._blocks.change(part, values[in_box])
                self._write(self._blocks.unwritten([index]))

    def _begin(self) -> None:
        """Make the folder of a store on other labels before its first change."""
        if self._beneath is not None and not chunks.exists(self.folder):
            chunks.create(self.folder, self.shape, {})

    def _flush(self) -> None:
        """Write blocks, without holding up who paints meanwhile, until none differs from its file."""
        while taken := self._taken():
            self._write(taken)

    def _taken(self) -> dict[ChunkIndex, UInt32]:
        """Copies of the blocks to be written; the journal is emptied where there are none."""
        with self._lock:
            taken = self._blocks.unwritten()
            if not taken and self.writable:
                self._journal.clear()
            return taken

    def _write(self, taken: dict[ChunkIndex, UInt32]) -> None:
        for index, block in taken.items():
            self._blocks.write(index, block)
            self.changes += 1
        with self._lock:
            self._blocks.settle(taken)

    def _flush_soon(self) -> None:
        """Flush when no change has followed for a while."""
        if self._timer is None or not self._timer.is_alive():
            self._timer = threading.Timer(REST_S, _flush_quietly, [ref(self)])
            self._timer.daemon = True
            self._timer.start()


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


def open_store(folder: Path, *, writable: bool = True, beneath: Any = None) -> LabelStore:
    """The store in a folder; who asks again gets the same one, so that all see what one of them writes.

    Arguments are those of `LabelStore`.

    Raises:
        InputError: there is none, or another kind of array.
    """
    place = (folder.resolve(), writable)
    with _opening:
        store = _open.get(place)
        if store is None:
            store = _open[place] = LabelStore(place[0], writable=writable, beneath=beneath)
        return store

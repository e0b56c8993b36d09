"""Writes that are safe before their blocks are: each a record at the end of a file.

A stroke is some sixty dabs of the brush into one or two blocks. Replacing a block takes 0.3 to 11 ms (the file system
may write it to the disk first); adding a record takes some microseconds, and survives a kill just as well. The blocks
follow when the hand rests, and the journal is emptied then; whoever opens a store applies what is left in it.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.pixels.selection import Slices
from napari_cellseg.project.chunks import LEVEL

_NAME = "strokes.journal"
_HEAD = struct.Struct("<4sBII")
"""Mark, number of axes, length and checksum of what follows: the box as int64, then the packed values."""
MARK = b"dab1"


class StoreJournal:
    """The journal of one store; only one process may add to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _NAME
        self._file: int | None = None

    def add(self, box: Slices, values: UInt32) -> None:
        """Add a write; it is safe from a kill of this process when this returns.

        Raises:
            InputError: it cannot be written, such as on a full disk.
        """
        bounds = np.array([(part.start, part.stop) for part in box], "<i8").tobytes()
        body = bounds + imagecodecs.zstd_encode(values.astype("<u4", copy=False).tobytes(), LEVEL)
        try:
            self._append(_HEAD.pack(MARK, len(box), len(body), zlib.crc32(body)) + body)
        except OSError as error:
            remedy = "What was annotated before is safe; free space, then paint this again."
            raise cellseg.InputError(
                f"cannot be written ({error.strerror or error})", remedy, path=self.path
            ) from error

    def clear(self) -> None:
        """Forget all records: their blocks are written."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
        elif self.path.exists():
            os.truncate(self.path, 0)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def records(self) -> Iterator[tuple[Slices, UInt32]]:
        """The writes that are left, in their order, up to the first that a kill cut off or that is damaged."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return
        at = 0
        while (found := _record_at(text, at)) is not None:
            ndim, body = found
            try:
                write = _written(ndim, body)
            except (imagecodecs.ZstdError, ValueError):
                return
            yield write
            at += _HEAD.size + len(body)

    def _append(self, record: bytes) -> None:
        """Add a record at the end of the file, whole or not at all."""
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path, flags, 0o666)
        end = os.fstat(self._file).st_size
        if os.write(self._file, record) < len(record):
            os.ftruncate(self._file, end)
            raise OSError(28, "No space left on device")


def _written(ndim: int, body: bytes) -> tuple[Slices, UInt32]:
    """Box and values of a record. Raises ZstdError or ValueError where they are damaged."""
    bounds = np.frombuffer(body, "<i8", 2 * ndim).reshape(ndim, 2).tolist()
    values = np.frombuffer(imagecodecs.zstd_decode(body[16 * ndim :]), "<u4")
    return tuple(slice(*pair) for pair in bounds), values.reshape([stop - start for start, stop in bounds])


def _record_at(text: bytes, at: int) -> tuple[int, bytes] | None:
    """Number of axes and body of the record that begins there; None where none does, or one that a kill cut off."""
    if at + _HEAD.size > len(text):
        return None
    mark, ndim, length, checksum = _HEAD.unpack_from(text, at)
    body = text[at + _HEAD.size : at + _HEAD.size + length]
    whole = mark == MARK and len(body) == length and zlib.crc32(body) == checksum
    return (ndim, body) if whole else None

"""Texts of variable length in an HDF5 file, looked at before its library reads them: damaged ones hang it.

They lie in global heaps (HDF5 File Format Specification 3.0, III.E): "GCOL", a version, the size of the heap, then
objects with a number, a count, and a size, each on a multiple of eight bytes; number 0 is what is free behind them.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from cellseg.errors import InputError

_BEGINNING = b"GCOL\x01\0\0\0"
_SIZE = struct.Struct("<Q")
_OBJECT = struct.Struct("<HHIQ")


def refuse_endless_heaps(path: Path) -> None:
    """Refuse a file with a heap whose objects do not fill it one after the other.

    Raises:
        InputError: the file is damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_BEGINNING)
        while at >= 0:
            if not _is_whole(content, at):
                raise InputError("cannot be read: its texts are damaged", "Export it again.", path=path)
            at = content.find(_BEGINNING, at + 1)


def _is_whole(content: mmap.mmap, start: int) -> bool:
    at = start + len(_BEGINNING) + _SIZE.size
    if at > len(content):
        return False
    end = start + int(_SIZE.unpack_from(content, at - _SIZE.size)[0])
    if end > len(content):
        return False
    while end - at >= _OBJECT.size:
        number, _, _, size = _OBJECT.unpack_from(content, at)
        need = _OBJECT.size + -(-size // 8) * 8 if number else size
        if need < _OBJECT.size or at + need > end:
            return False
        at += need
    return True

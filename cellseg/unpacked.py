"""Sizes of files in a zip, which say themselves how large they are, and may lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from cellseg.errors import InputError
from cellseg.wording import size_of

DENSEST = {ZIP_STORED: 1, ZIP_DEFLATED: 1040}
"""Times that a file may be larger than it is in the zip, by the way in which it is packed."""
ROOM = 4096


def refuse_unpacked(entries: Sequence[ZipInfo], most: int, remedy: str, path: Path) -> None:
    """InputError where files of a zip have more bytes together than `most`, or one more than its packing allows."""
    total = sum(one.file_size for one in entries)
    if total > most:
        found = f"holds {size_of(total)} when it is unpacked, and {size_of(most)} are read at most"
        raise InputError(found, remedy, path=path)
    for one in entries:
        if one.file_size > DENSEST.get(one.compress_type, 10**6) * one.compress_size + ROOM:
            raise InputError(f"{one.filename[:100]!r} in it says a size that it cannot have", remedy, path=path)

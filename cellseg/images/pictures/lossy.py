"""Lossy compression, which changes the numbers of cells."""

from __future__ import annotations

from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.fileformat import JPEG, WEBP

FIRST_CHUNK = 12
"""Place of the first chunk of a WebP."""


def refuse_lossy(kind: str, path: Path) -> None:
    """InputError for a picture of labels whose compression does not keep their numbers."""
    if kind == JPEG or (kind == WEBP and not _is_lossless(path)):
        found = f"is {JPEG if kind == JPEG else 'a lossy WebP'}, whose compression changes the numbers of cells"
        raise InputError(found, "Export the labels as PNG or TIFF.", path=path)


def _is_lossless(path: Path) -> bool:
    """True of a WebP with a chunk VP8L, which is the first, or in extended files follows the profile."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        at = FIRST_CHUNK
        while at + 8 <= size:
            file.seek(at)
            head = file.read(8)
            if head.startswith(b"VP8") and head[3:4] != b"X":
                return head.startswith(b"VP8L")
            length = int.from_bytes(head[4:], "little")
            at += 8 + length + length % 2
    return False

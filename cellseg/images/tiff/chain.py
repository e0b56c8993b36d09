"""Is the file whole? The chain of page directories is followed without decoding anything.

tifffile reads what is left of a truncated file without an error, so what a file announces is compared
with what it holds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.fileformat import READ_FORMATS, START, format_of

CUT_REMEDY = "It is cut off or damaged; copy or export it again."
TAGS_NEEDED = (258, 270, 273, 279, 320, 324, 325)
_TYPE_BYTES = np.array([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8])


@dataclass(frozen=True, slots=True)
class Directories:
    """The chain of page directories."""

    pages: int
    """Pages whose directory is complete."""
    size: int
    """Bytes in the file."""
    cut: str
    """Why the chain ends too early; empty where it does not."""


@dataclass(frozen=True, slots=True)
class _Form:
    """The byte order and widths of TIFF or BigTIFF."""

    order: str
    count: str
    offset: str
    first: int
    """Byte at which the offset of the first directory stands."""

    def number(self, code: str, file: BinaryIO) -> int:
        """Read one number; struct.error at the end of the file."""
        return int(struct.unpack(self.order + code, file.read(struct.calcsize(self.order + code)))[0])

    @property
    def entry(self) -> np.dtype[Any]:
        """Layout of a directory's entry."""
        wide = f"{self.order}u{struct.calcsize(self.order + self.offset)}"
        return np.dtype([("tag", f"{self.order}u2"), ("type", f"{self.order}u2"), ("count", wide), ("value", wide)])


FORMS = {
    b"II*\0": _Form("<", "H", "I", 4),
    b"MM\0*": _Form(">", "H", "I", 4),
    b"II+\0": _Form("<", "Q", "Q", 8),
    b"MM\0+": _Form(">", "Q", "Q", 8),
}
"""TIFF and BigTIFF by the first bytes of the file."""
CUT_DIRECTORY = "it ends in the middle of a directory"


def follow_directories(path: Path) -> Directories:
    """Follow the chain of page directories to its end.

    Raises:
        InputError: there is no such file, it is no TIFF, has no pages, or its chain of pages is a loop.
    """
    with _opened(path) as file:
        size = path.stat().st_size
        pages, cut = _follow(_read_header(file, path), file, size, path)
    if not pages:
        raise InputError(f"holds no complete page{cut and ': '}{cut}", CUT_REMEDY, path=path)
    return Directories(pages, size, cut)


def _follow(form: _Form, file: BinaryIO, size: int, path: Path) -> tuple[int, str]:
    """Number of complete directories, and why the chain ends too early; empty where it does not.

    Behind a page whose values are missing the chain is followed on: it may be a loop, in which tifffile goes round.
    """
    seen: dict[int, int] = {}
    pages, cut = 0, ""
    while offset := _next_offset(form, file):
        if offset in seen:
            loop = f"page {len(seen)} names page {seen[offset]} as the next one, an endless loop"
            raise InputError(loop, "The file is damaged; write it again.", path=path)
        reason, is_whole = _skip_directory(form, file, offset, size)
        cut = cut or reason
        if not is_whole:
            return pages, cut
        seen[offset] = len(seen) + 1
        pages += not cut
    return pages, cut or (CUT_DIRECTORY if offset is None else "")


def refuse_cut(directories: Directories, path: Path) -> None:
    """A chain that ends too early."""
    if directories.cut:
        raise InputError(
            f"is cut off after {directories.pages} pages: {directories.cut}", "Copy or export it again.", path=path
        )


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise InputError("is a folder, where one TIFF file is wanted", path=path)
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputError("there is no such file", "Check the spelling.", path=path) from error
    except OSError as error:
        raise InputError(f"cannot be opened ({error.strerror})", path=path) from error


def _read_header(file: BinaryIO, path: Path) -> _Form:
    """Leaves the file at the offset of the first directory."""
    start = file.read(START)
    form = FORMS.get(start[:4])
    if form is None:
        found = f"is {format_of(start)}, which is no image that is read" if start else "is empty"
        raise InputError(found, f"{READ_FORMATS} are; Fiji converts most others.", path=path)
    file.seek(form.first)
    return form


def _next_offset(form: _Form, file: BinaryIO) -> int | None:
    """Offset of the next directory; 0 after the last one, None if the file ends before it."""
    try:
        return form.number(form.offset, file)
    except struct.error:
        return None


def _skip_directory(form: _Form, file: BinaryIO, offset: int, size: int) -> tuple[str, bool]:
    """Go to the end of a directory; what is wrong if its page is not complete, and whether the directory itself is."""
    if offset >= size:
        return f"the next page begins at byte {offset:,} of a file of {size:,}", False
    file.seek(offset)
    try:
        number = form.number(form.count, file)
    except struct.error:
        return CUT_DIRECTORY, False
    if number * form.entry.itemsize > size - file.tell():
        return CUT_DIRECTORY, False
    end = _values_end(np.frombuffer(file.read(number * form.entry.itemsize), form.entry))
    return f"a page needs {end:,} bytes of a file of {size:,}" if end > size else "", True


def _values_end(entries: NDArray[Any]) -> int:
    """First byte after the values that the needed entries keep elsewhere in the file."""
    kinds = np.where(entries["type"] < len(_TYPE_BYTES), entries["type"], 0)
    lengths = entries["count"].astype(float) * _TYPE_BYTES[kinds]
    elsewhere = np.isin(entries["tag"], TAGS_NEEDED) & (lengths > entries["value"].itemsize)
    return int((entries["value"].astype(float) + lengths)[elsewhere].max(initial=0))

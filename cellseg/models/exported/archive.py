"""Files in a zip, read into memory: nothing is unpacked, and nothing is read that is larger than it should be."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from cellseg.errors import InputError, reading

MOST = 8 * 2**30
"""Bytes of all files of a package, unpacked."""
DENSEST = 200
"""Times that a large file may be larger than it is in the zip; weights hardly shrink."""
LARGE = 2**24
"""Bytes from which on a file is large."""


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """Files of a package.

    Attributes:
        path: of the package, for people.
        archive: the open zip.
    """

    path: Path
    archive: zipfile.ZipFile

    def has(self, name: str) -> bool:
        """True if there is such a file."""
        return name in self.archive.NameToInfo

    def read(self, name: str) -> bytes:
        """Content of a file. Raises InputError where it is missing or damaged."""
        plain = PurePosixPath(name).as_posix()
        try:
            return self.archive.read(plain)
        except KeyError as error:
            raise InputError(f"has no {plain}, which its description names", ANEW, path=self.path) from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
            raise InputError(f"has a damaged {plain}", ANEW, path=self.path) from error


ANEW = "Download or export it again."


@contextmanager
def opened_package(path: Path) -> Iterator[PackageFiles]:
    """The files of a package.

    Raises:
        InputError: it is no zip, one of its files would lie elsewhere, or it is a bomb.
    """
    with reading(path, "cannot be read as a zip", ANEW):
        archive = zipfile.ZipFile(path)
    with archive:
        for one in archive.infolist():
            _refuse_elsewhere(one, path)
        refuse_bomb(archive.infolist(), path)
        yield PackageFiles(path, archive)


def _refuse_elsewhere(one: zipfile.ZipInfo, path: Path) -> None:
    parts = PureWindowsPath(one.filename)
    if parts.is_absolute() or parts.anchor or ".." in parts.parts:
        raise InputError(f"has a file outside itself, {one.filename!r}", "Do not trust it.", path=path)


def refuse_bomb(several: list[zipfile.ZipInfo], path: Path) -> None:
    """Raise InputError for files that are far larger than they are in their zip."""
    dense = [one for one in several if one.file_size > max(LARGE, DENSEST * one.compress_size)]
    if dense or sum(one.file_size for one in several) > MOST:
        found = "is far larger unpacked than it is, as weights never are"
        raise InputError(found, "Do not trust it.", path=path)

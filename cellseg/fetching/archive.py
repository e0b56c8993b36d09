"""Archives of data sets (zip), of which no name leads out of the folder and nothing is a link."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from cellseg.errors import InputError, reason_of
from cellseg.fetching.recipe import SourceGroup, inner_name
from cellseg.unpacked import refuse_unpacked

MOST = 4 * 10**9
"""Bytes that an archive may hold unpacked."""
NOT_KEPT = "Nothing of it is unpacked or kept; run the same again, and report it if it stays so."


class WrongArchiveError(InputError):
    """An archive that is damaged, was changed, or would do harm: it is not kept."""

    def __init__(self, found: str, remedy: str, url: str) -> None:
        super().__init__(found, remedy, path=url)
        self.url = url


@dataclass(frozen=True, slots=True)
class Members:
    """Files of an archive that a group takes, by name below its folder."""

    zip: ZipFile
    by_name: dict[str, ZipInfo]

    def read(self, name: str) -> bytes:
        return self.zip.read(self.by_name[name])


@contextmanager
def opened_archive(path: Path, url: str, group: SourceGroup) -> Iterator[Members]:
    """The members of an archive that a group takes. Raises WrongArchiveError."""
    with _checked(path, url) as archive:
        members = Members(archive, dict(_taken(archive.infolist(), group)))
        with _damage(url):
            found = content_of(members)
        if group.content and found != group.content:
            what = (
                f"holds other files than its recipe says (checksum {found[:12]}... instead of {group.content[:12]}...)"
            )
            raise WrongArchiveError(what, NOT_KEPT, url)
        yield members


@contextmanager
def _checked(path: Path, url: str) -> Iterator[ZipFile]:
    """An archive without names that lead out, links, or sizes that are lies."""
    with _damage(url):
        archive = ZipFile(path)
    with archive:
        for entry in archive.infolist():
            _refuse_harm(entry, url)
        try:
            refuse_unpacked(archive.infolist(), MOST, NOT_KEPT, Path(url.rsplit("/", 1)[-1]))
        except InputError as error:
            raise WrongArchiveError(str(error), "", url) from error
        yield archive


@contextmanager
def _damage(url: str) -> Iterator[None]:
    """Reading of an archive: whatever goes wrong within is its damage."""
    try:
        yield
    except Exception as error:  # zip files break in many ways
        raise WrongArchiveError(f"is a damaged archive ({reason_of(error)})", NOT_KEPT, url) from error


def content_of(members: Members) -> str:
    """Checksum of files whatever they are packed in: of a line with checksum and name for each, in the names' order."""
    lines = (f"{hashlib.sha256(members.read(name)).hexdigest()} {name}\n" for name in sorted(members.by_name))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _taken(entries: list[ZipInfo], group: SourceGroup) -> Iterator[tuple[str, ZipInfo]]:
    """Names and entries of the files to take; names begin at the group's folder, wherever it lies."""
    for entry in entries:
        parts = entry.filename.split("/")
        if entry.is_dir() or (group.under and group.under not in parts):
            continue
        inner = parts[parts.index(group.under) :] if group.under else parts
        if not group.inside or inner[1].startswith(group.inside):
            yield "/".join(inner), entry


def _refuse_harm(entry: ZipInfo, url: str) -> None:
    """WrongArchiveError for names that lead out, and for links."""
    try:
        inner_name(entry.filename.rstrip("/"))
    except ValueError as error:
        raise WrongArchiveError(str(error)[:200], NOT_KEPT, url) from None
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise WrongArchiveError(f"{entry.filename[:100]!r} in it is a link", NOT_KEPT, url)

"""Downloads that go on where they broke, are tried again, and are right to the bit or not there.

This and addresses that the user names for reading are the only use of the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from time import sleep
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cellseg import __version__
from cellseg.errors import InputError, reason_of
from cellseg.fetching.recipe import SourceFile

PAUSES = (0.5, 2.0, 5.0)
"""Seconds before another try."""
SILENCE = 30.0
"""Seconds without a byte after which a connection counts as broken."""
PIECE = 1 << 18
PASSING = (408, 425, 429)
"""Errors of the request that pass with time; all others of 400 to 499 do not."""
ROOM = 2
"""Times that an archive of which only about the size is known may be larger."""

Told = Callable[[int], None]
"""Tell how many more bytes are there; fewer where a beginning was thrown away."""


def download(source: SourceFile, folder: Path, told: Told) -> Path:
    """The file of a source in `folder`, which keeps what is there of it where the connection breaks.

    Raises:
        InputError: no connection, the server does not have it, another checksum, or it cannot be written.
    """
    target = folder / hashlib.sha256(source.url.encode()).hexdigest()[:32]
    if not target.exists():
        _complete(source, target, told)
        return target
    told(target.stat().st_size)
    return target


def _complete(source: SourceFile, target: Path, told: Told) -> None:
    """Download what is missing. What went on from an earlier try and is wrong in the end is taken anew once."""
    part = target.with_suffix(".part")
    went_on = _size(part) > 0
    told(_size(part))
    _try_again(source, part, told)
    if source.sha256 and checksum(part) != source.sha256:
        told(-_size(part))
        found = checksum(part)
        part.unlink()
        if not went_on:
            raise _wrong(source, found)
        return _complete(source, target, told)
    part.rename(target)
    return None


def _wrong(source: SourceFile, found: str) -> InputError:
    what = f"has the checksum {found[:12]}..., and {source.sha256[:12]}... is that of its recipe"
    return InputError(what, "It was changed, or damaged on the way: nothing of it is kept.", path=source.url)


def _try_again(source: SourceFile, part: Path, told: Told) -> None:
    for pause in (*PAUSES, None):
        try:
            return _go_on(source, part, told)
        except HTTPError as error:
            if 400 <= error.code < 500 and error.code not in PASSING:
                found = f"the server answers {error.code} ({error.reason})"
                raise InputError(found, "It may have been moved: see data/README.md.", path=source.url) from error
            last: Exception = error
        except (OSError, HTTPException) as error:
            last = error
        if pause is not None:
            sleep(pause)
    remedy = "Check the network and run the same again: it goes on from what is there."
    raise InputError(f"cannot be downloaded ({reason_of(last)})", remedy, path=source.url) from last


def _go_on(source: SourceFile, part: Path, told: Told) -> None:
    """Download from the end of what is there; ConnectionError where the body ends early."""
    begun = _size(part)
    if begun and begun >= source.bytes and source.sha256:
        return
    headers = {"User-Agent": f"cellseg/{__version__}", "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
    with urlopen(Request(source.url, headers=headers), timeout=SILENCE) as answer:
        goes_on = answer.status == 206 and _begins(answer) == begun
        if not goes_on:
            told(-begun)
            begun = 0
        _receive(answer, source, part, begun, told)


def _begins(answer: HTTPResponse) -> int:
    """The first byte of a partial answer; -1 where it does not say."""
    words = (answer.headers.get("Content-Range") or "").removeprefix("bytes ").split("-")
    return int(words[0]) if words[0].isdigit() else -1


def _receive(answer: HTTPResponse, source: SourceFile, part: Path, begun: int, told: Told) -> None:
    """Append the body behind the first `begun` bytes."""
    most = source.bytes if source.sha256 else ROOM * source.bytes
    announced = begun + int(answer.headers.get("Content-Length") or 0)
    size = begun
    with _opened(part, "ab" if begun else "wb") as write:
        while size <= most and (piece := answer.read1(PIECE)):
            write(piece)
            size += len(piece)
            told(len(piece))
    if size > most:
        part.unlink()
        told(-size)
        found = f"has more than the {most:,} bytes that its recipe allows"
        raise InputError(found, "It was changed: nothing of it is kept.", path=source.url)
    if size < max(announced, source.bytes if source.sha256 else 0):
        raise ConnectionError(f"it ended after {size:,} of {max(announced, source.bytes):,} bytes")


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[Callable[[bytes], None]]:
    """A file to write, whose own errors are no errors of the connection."""
    with ExitStack() as stack:
        with _writing(path):
            file = stack.enter_context(open(path, mode))

        def write(piece: bytes) -> None:
            with _writing(path):
                file.write(piece)
                file.flush()

        yield write


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found = f"cannot be written ({error.strerror or type(error).__name__})"
        raise InputError(found, "Free space or choose another --out.", path=path) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Logs of the processes that work on one journal: one file each, so that nobody waits for a lock.

The first line is a sign of life; a line a tile follows; the last says that its process has ended. A line that was torn
by a crash counts as not written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.inference.journal import NOTE, close_journal, journal_folder
from cellseg.inference.tiling import Tile, place
from cellseg.life import heartbeat, lives, name_of_process, signed
from cellseg.locks import BeingWrittenError, refuse_written

LOGS = "logs"
PATIENCE = 10
"""Tenths of a second until a lock counts as held for longer than a look at it."""


@dataclass(slots=True)
class WorkLog:
    """The log of this process; begun by `at_work`. It is not kept open, so that its folder may go at any time."""

    path: Path
    tiles: int = 0
    began: float = field(default_factory=time.monotonic)

    def tile(self, tile: Tile) -> None:
        """Note a tile that was computed and stored."""
        self.tiles += 1
        self.line({"tile": place(tile)})

    def end(self) -> None:
        """Say that it has come to an end; a log without a tile goes."""
        if self.tiles:
            self.line({"ended": True, "seconds": round(time.monotonic() - self.began, 3)})
        else:
            self.path.unlink(missing_ok=True)

    def line(self, tree: dict[str, Any]) -> None:
        """Add a line, in one piece."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(tree) + "\n")


@dataclass(frozen=True, slots=True)
class LoggedWork:
    """A log, read.

    Attributes:
        name: what its process was, such as "share 1/3".
        host: its machine.
        tiles: places of the tiles that it has stored.
        ended: it has come to an end of its own.
        path: the log.
    """

    name: str
    host: str
    tiles: tuple[tuple[int, ...], ...]
    ended: bool
    path: Path

    @property
    def at_work(self) -> bool:
        """Its process is at work now, as far as can be known."""
        return not self.ended and lives(self.path)


@contextmanager
def at_work(output: Path, name: str, process: str = "") -> Iterator[WorkLog]:
    """Be at work on the journal of an output, whose folder is made; where nobody begins it, nothing is left.

    `process` is a name of this process from `name_of_process`, which goes on with its log.
    """
    folder = journal_folder(output)
    path = folder / LOGS / f"{process or name_of_process()}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = WorkLog(path)
        if not signed(path, name=name):
            log.line({"ended": False})
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot be written ({reason})", "Free space or choose another place.", path=output) from error
    try:
        with heartbeat(path):
            yield log
    finally:
        with suppress(OSError):
            log.end()
        close_unbegun(output)


def close_unbegun(output: Path) -> None:
    """Remove the folder of a journal that nobody has begun, and on which nobody is at work."""
    folder = journal_folder(output)
    if folder.exists() and not (folder / NOTE).exists() and not any(log.at_work for log in logs_of(output)):
        close_journal(output)


def close_useless(output: Path) -> None:
    """Remove a journal without a finished tile, on which nobody is at work: the image itself was wrong."""
    if not any(log.tiles or log.at_work for log in logs_of(output)):
        close_journal(output)


def logs_of(output: Path) -> list[LoggedWork]:
    """The logs of a journal, in the order of their names."""
    paths = sorted((journal_folder(output) / LOGS).glob("*.jsonl"))
    return [log for path in paths if (log := _read(path)) is not None]


def wait_for_ends(output: Path, name: str, seconds: float) -> None:
    """Wait until nobody of a name is at work on an output, but no longer than that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(log.at_work for log in logs_of(output) if log.name == name):
        time.sleep(0.1)


def refuse_at_work(output: Path, among: Container[str] | None = None) -> None:
    """Raise InputError where shares are at work on an output now; `among`: only those of these names."""
    logs = [log for log in logs_of(output) if among is None or log.name in among]
    names = sorted(log.name for log in logs if log.at_work)
    if names:
        found = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} at work on it"
        raise InputError(found, "Wait for the end, then finish it with --resume.", path=output)


def refuse_unshared(output: Path, *, begun: bool = False) -> None:
    """Raise InputError where a run that shares nothing writes an output now.

    `begun`: tiles of its journal are missing; else it may be a share that writes the result of a journal that is there.
    """
    if begun or not (journal_folder(output) / NOTE).exists():
        for _ in range(PATIENCE):
            try:
                refuse_written(output)
                return
            except BeingWrittenError:  # perhaps another share that asks the same
                time.sleep(0.1)
        refuse_written(output)


def _read(path: Path) -> LoggedWork | None:
    """A log; None where it is gone, or so new that it says nothing yet."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    trees = [tree for line in lines if (tree := _parsed(line)) is not None]
    first = trees[0] if trees else {}
    tiles = tuple(tuple(tree["tile"]) for tree in trees if "tile" in tree)
    ended = next((bool(tree["ended"]) for tree in reversed(trees) if "ended" in tree), False)
    return LoggedWork(str(first.get("name", "a share")), str(first.get("host", "?")), tiles, ended, path)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

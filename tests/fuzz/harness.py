"""One attempt at a door: it may succeed or raise InputError, within a time and a memory; all else is a finding."""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cellseg.errors import InputError

from .mutations import mutated

SECONDS = 10.0
"""Time of the processor that an input may take."""
MEMORY = 2**30
"""Bytes of address space that an input may take: a piece of an image has up to 2**28, and may be there thrice."""
LONGEST = 3000
"""Characters of a message for people."""


@dataclass(frozen=True)
class Door:
    """A way in for files of others."""

    name: str
    make: Callable[[Path], list[Path]]
    """Makes small valid inputs in a folder: files, or folders of which each file is changed by itself."""
    enter: Callable[[Path], object]
    """Reads an input to the end, as the program does."""
    needs: tuple[str, ...] = ()
    """Libraries without which there is no such door."""


@dataclass
class Corpus:
    """The valid inputs of a door; each attempt changes one file and puts it back."""

    door: Door
    folder: Path
    inputs: list[tuple[Path, list[Path]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        for path in self.door.make(self.folder):
            files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
            self.inputs.append((path, files))

    def attempt(self, number: int) -> str:
        """The outcome of one changed input: "read", "refused", or what went wrong, with the place."""
        random = Random(f"{self.door.name} {number}")
        path, files = random.choice(self.inputs)
        file = random.choice(files)
        before = file.read_bytes()
        try:
            file.write_bytes(mutated(before, random))
            return outcome(self.door, path)
        finally:
            file.write_bytes(before)

    def keep(self, number: int, place: Path) -> None:
        """Write the changed file of an attempt to a place, to look at."""
        random = Random(f"{self.door.name} {number}")
        _, files = random.choice(self.inputs)
        file = random.choice(files)
        place.write_bytes(mutated(file.read_bytes(), random))


def outcome(door: Door, path: Path) -> str:
    """What an input comes to at a door: "read", "refused", or what went wrong, with the place."""
    try:
        with bounded(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            door.enter(path)
    except InputError as error:
        text = str(error)
        return "refused" if "\n" not in text and len(text) < LONGEST else f"a message of {len(text)} characters"
    except (Exception, TooSlow) as error:
        return _told(error)
    return "read"


class TooSlow(BaseException):
    """An input took longer than it may."""


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Limits for what happens within: TooSlow, and MemoryError, are raised beyond them."""
    import resource

    def late(*_: object) -> None:
        raise TooSlow(f"more than {seconds:g} s")

    before, soft = signal.signal(signal.SIGPROF, late), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + memory, soft[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, soft)
        signal.signal(signal.SIGPROF, before)


def address_space() -> int:
    """Bytes of address space that this process has."""
    import resource

    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _told(error: BaseException) -> str:
    """Kind of an error, its first line, and the innermost places of our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{Path(one.filename).name}:{one.lineno}" for one in frames if "cellseg" in one.filename]
    last = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    first = (str(error).splitlines() or [""])[0][:150]
    return f"{type(error).__name__} at {' < '.join(ours[:-4:-1])} in {last}: {first}"

"""Progress bars, and words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol

from cellseg.training.torchrun import is_follower

if TYPE_CHECKING:
    from rich.console import Console


@cache
def console(*, error: bool = True) -> Console:
    """The terminal: standard error for people, standard output for results."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, markup=False, soft_wrap=error, quiet=is_follower())


def say(text: str) -> None:
    """Tell the user something, on standard error."""
    console().print(text)


class Update(Protocol):
    """Tell a bar how much is done, and a note beside it."""

    def __call__(self, done: int, note: str = "") -> None: ...


@contextmanager
def bar(what: str, total: int) -> Iterator[Update]:
    """A bar on standard error with the time left; call what is given with the count done and a note."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as progress:
        task = progress.add_task(what, total=total, note="")

        def update(done: int, note: str = "") -> None:
            progress.update(task, completed=done, note=note)

        yield update

"""Work in threads, so that the window goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.qt.threading import create_worker

from cellseg import InputError


class Tasks:
    """Starts functions in threads; what they return comes back in the window's thread."""

    def run(self, do: Callable[[], Any], then: Callable[[Any], object], failed: Callable[[str], object]) -> None:
        """Call a function in a thread.

        Args:
            do: takes its time.
            then: is given what it returned.
            failed: is given what was wrong, in words for people.
        """
        worker = create_worker(do, _start_thread=False)
        worker.returned.connect(then)
        worker.errored.connect(lambda error: failed(_words_of(error)))
        worker.start()


def _words_of(error: BaseException) -> str:
    """An error in words for people."""
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"

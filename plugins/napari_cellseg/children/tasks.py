"""Work in threads, so that the window goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from qtpy.QtCore import QObject

from cellseg import InputError
from napari_cellseg.children.thread import WorkThread


class Tasks(QObject):
    """Starts functions in threads; what they return comes back in the window's thread, while the parent is there.

    What was started goes on to its end, also where the window is closed meanwhile: a file is written whole.
    """

    def run(self, do: Callable[[], Any], then: Callable[[Any], object], failed: Callable[[str], object]) -> None:
        """Call a function in a thread of its own.

        Args:
            do: takes its time; it refers to no widget (see `WorkThread`).
            then: is given what it returned.
            failed: is given what was wrong, in words for people.
        """
        thread = WorkThread(self)

        def tell(job: Future[Any]) -> None:
            thread.close()
            thread.deleteLater()
            error = job.exception()
            if error is None:
                then(job.result())
            else:
                failed(_words_of(error))

        thread.do(do, tell)


def _words_of(error: BaseException) -> str:
    """An error in words for people."""
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"

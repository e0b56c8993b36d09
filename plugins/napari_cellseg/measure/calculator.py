"""Hands work to the program beside the window and its answers to whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.service import Service
from napari_cellseg.children.thread import WorkThread

_WORKER = "napari_cellseg.measure.worker"
Answer = dict[str, Any]
ReadLayer = Callable[[], NDArray[Any]]


class Calculator(QObject):
    """Orders one after another; arrays are read in a thread and passed as files, so that the window never waits."""

    busy_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(prefix="cellseg-measure-", ignore_cleanup_errors=True)
        self._reader = WorkThread(self)
        self._service = Service(_WORKER)
        self._waiting: dict[int, tuple[Callable[[Answer], None], list[Path]]] = {}
        self._last = 0
        self._service.told.connect(self._on_told)
        self._service.died.connect(self._on_worker_died)

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def ask(self, order: Answer, arrays: Mapping[str, ReadLayer], answer: Callable[[Answer], None]) -> None:
        """Have an order done; `answer` is called in the window's thread, unless it failed and the user was told."""
        self._last += 1
        job, folder = self._last, Path(self._folder.name)
        files = {name: folder / f"{job}-{number}.npy" for number, name in enumerate(arrays)}
        whole = {**order, "job": job, "folder": str(folder), "arrays": {n: str(path) for n, path in files.items()}}
        self._waiting[job] = (answer, [*files.values()])
        self.busy_changed.emit(True)
        self._reader.do(partial(_write_arrays, dict(arrays), files), partial(self._on_arrays_written, whole))

    def close(self) -> None:
        """Stop everything; nobody is answered any more."""
        self._waiting.clear()
        self._reader.close()
        self._service.close()
        self._folder.cleanup()

    def _on_arrays_written(self, order: Answer, writing: Future[None]) -> None:
        error = writing.exception()
        if error is not None:  # of whatever kind of array the layer holds
            self._fail(order["job"], f"the layer cannot be read ({error})")
        elif order["job"] in self._waiting:
            self._service.send(order)

    def _on_told(self, told: Answer) -> None:
        if told["event"] == "failed":
            self._fail(told["job"], told["message"])
        elif told["event"] == "answered" and (waiting := self._done(told["job"])):
            waiting(told)

    def _fail(self, job: int, words: str) -> None:
        if self._done(job):
            show_error(words)

    def _done(self, job: int) -> Callable[[Answer], None] | None:
        waiting = self._waiting.pop(job, None)
        if waiting is None:
            return None
        for path in waiting[1]:
            path.unlink(missing_ok=True)
        self.busy_changed.emit(self.busy)
        return waiting[0]

    def _on_worker_died(self, words: str) -> None:
        if self._waiting:
            for job in [*self._waiting]:
                self._done(job)
            show_error(f"measuring ended unexpectedly ({words or 'it said nothing'})")


def _write_arrays(arrays: Mapping[str, ReadLayer], files: Mapping[str, Path]) -> None:
    for name, read in arrays.items():
        np.save(files[name], read())


def taken(file: str) -> NDArray[Any]:
    """An array of an answer; its file is removed."""
    values = np.load(file)
    Path(file).unlink()
    return np.asarray(values)

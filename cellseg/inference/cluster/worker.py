"""A worker's side: it says what it is, opens image and model once, and computes batches of tiles."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from threading import Lock
from typing import TYPE_CHECKING, Any

from cellseg import __version__
from cellseg.errors import InputError
from cellseg.inference.cluster.job import WORKER, BatchDone, ClusterJob, token_file

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.inference.prediction import Prediction
    from cellseg.inference.tasks import Task
    from cellseg.inference.work_log import WorkLog

LATE = 120.0
"""Seconds in which a worker sees all tiles that others have finished."""


@dataclass(slots=True)
class _Opened:
    """Model and image that this process has opened last, for one batch at a time."""

    lock: Lock
    job: ClusterJob | None = None
    prediction: Prediction | None = None
    process: str = ""
    complete: bool = False
    """All of its tiles were seen."""


_OPENED = _Opened(Lock())


def fault_of_worker(job: ClusterJob) -> str:
    """The reason why this process cannot work on a job, in words; empty where it can."""
    if __version__ != job.version:
        return f"has cellseg {__version__}, and the client {job.version}"
    try:
        import torch  # noqa: F401
    except ImportError as error:
        return f"has no {error.name or 'torch'}"
    if not _sees_token(job):
        return f"does not see the folder {job.output.parent}, which all must share"
    return _fault_of_model(job) or _fault_of_image(job)


def compute_batch(job: ClusterJob, numbers: Sequence[int]) -> BatchDone:
    """Compute those of the numbered tiles that nobody has finished, into the journal.

    It ends after the tile at hand where the client has taken its token away, because it waits no longer. Raises
    InputError where image, model or version are not the client's, or the folder is not shared.
    """
    began = time.monotonic()
    with _opened(job) as (prediction, log):
        _compute(prediction, numbers, log, lambda: _sees_token(job))
    return BatchDone(log.path.stem, log.tiles, time.monotonic() - began)


def do_units(job: ClusterJob, numbers: Sequence[int], *, task: Task) -> list[Any]:
    """Do units of a task on the finished tiles; the result of each.

    Raises InputError as `compute_batch`, and in the midst where the client has taken its token away: all or nothing.
    """
    from cellseg.allocator import give_back
    from cellseg.life import name_of_process

    give_back()
    with _opened(job, name_of_process()) as (prediction, _):
        _wait_for_tiles(prediction)
        work, found = task.begun(prediction.finished), []
        for number in numbers:
            _refuse_unseen(job)
            found.append(work(number))
            prediction.refuse_closed()
    return found


def _wait_for_tiles(prediction: Prediction) -> None:
    """Wait until all tiles are seen: a network file system may show them a minute late. Looked for once a job."""
    until = time.monotonic() + LATE
    while not _OPENED.complete and len(prediction.missing_numbers()):
        if time.monotonic() > until:
            found = f"a worker does not see all finished tiles of {prediction.source.name}"
            raise InputError(found, "Go on with --resume.")
        time.sleep(1)
    _OPENED.complete = True


@contextmanager
def _opened(job: ClusterJob, process: str = "") -> Iterator[tuple[Prediction, WorkLog]]:
    """The prediction of a job, opened once, and a log of this process, called `process`; for one batch at a time."""
    from cellseg.inference.work_log import at_work
    from cellseg.life import name_of_process

    with _OPENED.lock:
        if job != _OPENED.job:
            _OPENED.prediction, _OPENED.process, _OPENED.complete = None, name_of_process(), False
        _refuse_unseen(job)  # else it would begin a journal of its own
        with at_work(job.output, WORKER, process or _OPENED.process) as log:
            _OPENED.prediction = _OPENED.prediction or _open(job)
            _OPENED.job = job
            yield _OPENED.prediction, log
        if not _sees_token(job):
            _OPENED.job = _OPENED.prediction = None


def _compute(prediction: Prediction, numbers: Sequence[int], log: WorkLog, wanted: Callable[[], bool]) -> None:
    from cellseg.inference.helping import help_with, measure_together

    planned = prediction.planned
    tiles = [tile for k in numbers if not prediction.holds(tile := planned[k])]
    for _ in measure_together(prediction, sorted({tile.plane for tile in tiles})):
        pass
    with closing(help_with(prediction, tiles, log)) as computed:
        for _ in takewhile(lambda _: wanted(), computed):
            pass


def forget_job(job: ClusterJob) -> None:
    """Close what was opened for a job; where a batch of it is at work, that does it at its end."""
    if not _OPENED.lock.acquire(blocking=False):
        return
    try:
        if _OPENED.job == job:
            _OPENED.job = _OPENED.prediction = None
    finally:
        _OPENED.lock.release()


def _open(job: ClusterJob) -> Prediction:
    from pathlib import Path

    from cellseg.allocator import keep_memory
    from cellseg.inference.segment import joined_prediction
    from cellseg.models.trained import load

    keep_memory()
    fault = fault_of_worker(job)
    if fault:
        raise InputError(f"a worker {fault}", "Install the same on all machines, and take a folder that all see.")
    return joined_prediction(job.output, load(Path(job.model)), _image(job), job.options)


def _image(job: ClusterJob) -> ImageSource:
    from cellseg.images.open import open_image

    reading = job.reading
    return open_image(job.image, axes=reading.axes, channel=reading.channel, scene=reading.scene)


def _refuse_unseen(job: ClusterJob) -> None:
    if not _sees_token(job):
        raise InputError(f"a worker does not see the folder {job.output.parent}", "Choose one that all share.")


def _sees_token(job: ClusterJob) -> bool:
    try:
        return token_file(job.output).read_text(encoding="utf-8") == job.token
    except OSError:
        return False


def _fault_of_model(job: ClusterJob) -> str:
    from pathlib import Path

    from cellseg.models.trained import load

    try:
        digest = load(Path(job.model)).digest
    except InputError as error:
        return f"cannot load the model: {error}"
    return "" if digest == job.digest else f"has another model {job.model}"


def _fault_of_image(job: ClusterJob) -> str:
    from cellseg.inference.journal_key import fingerprint

    try:
        marks = fingerprint(_image(job))
    except InputError as error:
        return f"cannot read the image: {error}"
    return "" if marks == job.marks else f"has another image {job.image}"

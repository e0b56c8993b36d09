"""Batches of tiles handed out to workers: a dead or hanging worker's batch is given to another."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from cellseg.errors import InputError
from cellseg.inference.cluster.batches import batch_size, batches
from cellseg.inference.cluster.job import WORKER, BatchDone, ClusterJob
from cellseg.inference.cluster.worker import compute_batch, do_units, fault_of_worker, forget_job
from cellseg.inference.tasks import Task
from cellseg.inference.work_log import wait_for_ends

logger = logging.getLogger(__name__)

WAITING = 2
"""Batches for each worker that are with the scheduler: few, so that millions of tiles take no memory there."""
TRIES = 5
"""Times that a batch is given out."""
HANGS = 900.0
"""Seconds after which a batch is given to a second worker as well."""
ANSWER = 120.0
"""Seconds in which each worker says whether it can do the work; for that it imports torch and reads the model."""
FAREWELL = 10.0
"""Seconds until a worker counts as one that hangs, when all is over."""
SECONDS_A_PIXEL = 1e-7
"""Of numbering and writing, measured: 0.12 s a megapixel (docs/cluster.md). It only sizes the batches."""
POLL = 0.1
GONE = "the scheduler is gone"
KEPT = "What is done is kept: go on with --resume."


@dataclass(slots=True)
class WorkerSum:
    """Tiles of a worker, and its seconds at work."""

    tiles: int = 0
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Batch:
    """A batch that was given out, perhaps to several, one after the other."""

    place: int
    """Its place among the batches."""
    work: Callable[..., Any]
    numbers: Sequence[int]
    futures: list[Any] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)


@dataclass(slots=True, eq=False)
class HandOut:
    """Batches on their way through the workers of a client."""

    client: Any
    job: ClusterJob
    workers: dict[str, WorkerSum] = field(default_factory=dict)
    _open: dict[Any, _Batch] = field(default_factory=dict)
    """Batches by their futures."""
    _asked_last: tuple[float, dict[str, Any]] = field(default=(0.0, {}))
    """When the workers were asked for, and which there were."""

    def check(self) -> int:
        """Number of workers; waits for the first. Raises InputError for one that cannot do the work or says nothing."""
        self.client.wait_for_workers(1)
        answers = self._asked(fault_of_worker, ANSWER)
        if answers is None:
            found = f"not all workers answered within {ANSWER:.0f} s"
            raise InputError(found, "End those that hang, or start the cluster anew.")
        for worker, answer in sorted(answers.items()):
            fault = _fault(answer)
            if fault:
                raise InputError(f"the worker {worker} {fault}", "Install the same everywhere, and share one folder.")
        return len(answers)

    def leave(self) -> None:
        """Have everything forgotten that is still with the workers; call it when the token is gone.

        Waits a moment for the ends of their tiles, so that the same command can go on at once.
        """
        with suppress(Exception):  # the scheduler may be gone, and what is done is kept
            self.client.cancel(list(self._open))
        self._asked(forget_job, FAREWELL)
        if self._open:
            self.wait_for_orphans()

    def wait_for_orphans(self) -> None:
        """Wait a moment for workers whose client is gone, and with it their token: they end after their tile."""
        wait_for_ends(self.job.output, WORKER, FAREWELL)

    def _asked(self, question: Callable[[ClusterJob], Any], seconds: float) -> dict[str, Any] | None:
        """The answer of each worker to a question about the job; None where one says nothing for so long."""
        try:
            run, sync = self.client._run, self.client.sync  # `run` itself waits for ever
            answers: dict[str, Any] = sync(run, question, self.job, on_error="return", callback_timeout=seconds)
        except Exception as error:  # of several kinds, where the scheduler is gone
            logger.info("the workers were asked in vain: %r", error)
            return None
        return answers

    def run(self, batches: Iterator[Sequence[int]]) -> Iterator[int]:
        """Have tiles computed; yields how many were since, at least every moment. Raises as `results`."""
        for found in self.results(compute_batch, batches):
            yield sum(self._count(done) for done in found.values())

    def do(self, task: Task, count: int) -> Iterator[Any]:
        """Have a number of units of a task done, see `Executor`. Raises as `results`."""
        size = batch_size(count, count * task.pixels * SECONDS_A_PIXEL, len(self._known()), each=2)  # seams cost
        early: dict[int, Any] = {}
        following = 0
        for found in self.results(partial(do_units, task=task), batches(np.arange(count), size)):
            early.update(found)
            while following in early:
                yield from early.pop(following)
                following += 1
            yield None

    def results(self, work: Callable[..., Any], batches: Iterator[Sequence[int]]) -> Iterator[dict[int, Any]]:
        """Hand all batches out; yields results by the place of their batch, at least every moment none.

        Raises InputError where the scheduler is gone, or workers die with a batch again and again; and what went wrong
        on a worker, such as OSError for a full disk.
        """
        from distributed import as_completed

        coming, numbered = as_completed(), enumerate(batches)
        while True:
            self._fill(coming, work, numbered)
            if not self._open:
                return
            ready = list(coming.next_batch(block=False)) if coming.count() else []
            yield dict(chain.from_iterable(self._taken(future, coming) for future in ready if future in self._open))
            if not ready:
                self._refuse_gone()
                self._give_again(coming)
                time.sleep(POLL)

    def _fill(self, coming: Any, work: Callable[..., Any], batches: Iterator[tuple[int, Sequence[int]]]) -> None:
        room = WAITING * max(1, len(self._known())) - len(self._open)
        for place, numbers in islice(batches, max(room, 0)):
            self._submit(coming, _Batch(place, work, numbers))

    def _known(self) -> dict[str, Any]:
        """The workers, asked for again after a second: with a thousand of them it is a long answer."""
        asked, known = self._asked_last
        if time.monotonic() - asked > 1 or not known:
            known = self.client.scheduler_info(n_workers=-1).get("workers", {})
            self._asked_last = time.monotonic(), known
        return known

    def _submit(self, coming: Any, batch: _Batch) -> None:
        cards = any("GPU" in worker.get("resources", {}) for worker in self._known().values())
        wish = {"resources": {"GPU": 1}} if cards else {}
        future = self.client.submit(batch.work, self.job, batch.numbers, pure=False, **wish)
        batch.futures.append(future)
        batch.since = time.monotonic()
        self._open[future] = batch
        coming.add(future)

    def _taken(self, future: Any, coming: Any) -> list[tuple[int, Any]]:
        """The place and the result of a batch; one whose workers died is given out again."""
        batch = self._open.pop(future)
        if future.status == "finished":
            for twin in batch.futures:
                if self._open.pop(twin, None) is not None:
                    twin.cancel()
            return [(batch.place, future.result())]
        _refuse(future)
        if len(batch.futures) >= TRIES:
            found = f"workers died {TRIES} times with one batch"
            raise InputError(found, "Give each more memory, or take a smaller --memory.")
        self._submit(coming, batch)
        return []

    def _count(self, done: BatchDone) -> int:
        found = self.workers.setdefault(done.worker, WorkerSum())
        found.tiles, found.seconds = found.tiles + done.tiles, found.seconds + done.seconds
        return done.tiles

    def _give_again(self, coming: Any) -> None:
        """Give batches of workers that seem to hang to others, too; what they find done is left out."""
        for batch in set(self._open.values()):
            if time.monotonic() - batch.since > HANGS and len(batch.futures) < TRIES:
                self._submit(coming, batch)

    def _refuse_gone(self) -> None:
        if self.client.status not in ("running", "connecting"):
            raise InputError(GONE, KEPT)


def _fault(answer: Any) -> str:
    """The reason why a worker cannot work, from its answer; an error where it has not even the question."""
    return answer if isinstance(answer, str) else f"has another cellseg, or none ({type(answer).__name__}: {answer})"


def _refuse(future: Any) -> None:
    """Raise what went wrong on a worker; nothing where workers died."""
    from distributed import KilledWorker

    if future.status != "error":  # lost or cancelled
        raise InputError(GONE, KEPT)
    error = future.exception()
    if isinstance(error, RuntimeError) and "deserialization" in str(error):
        raise InputError(
            "the scheduler has another cellseg, or none", f"Install the same everywhere. {KEPT}"
        ) from error
    if isinstance(error, ImportError | AttributeError) and "cellseg" in str(error):  # a worker that came later
        found = f"a worker has another cellseg, or none ({type(error).__name__}: {error})"
        raise InputError(found, f"Install the same everywhere. {KEPT}") from error
    if not isinstance(error, KilledWorker):
        raise error

"""`cellseg predict --cluster`: tiles are computed by the workers of a Dask cluster."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellseg import __version__
from cellseg.cli.progress import bar, say
from cellseg.cli.signals import stoppable
from cellseg.options import ImageOptions, PredictOptions, ProcessOptions
from cellseg.wording import duration

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.inference.cluster.connect import ClusterAddress
    from cellseg.inference.cluster.hand_out import HandOut
    from cellseg.inference.cluster.job import ClusterJob
    from cellseg.inference.prediction import Prediction
    from cellseg.models.trained import TrainedModel


@dataclass(frozen=True, slots=True)
class ClusterRun:
    """A cluster that is connected, and what its workers open."""

    address: ClusterAddress
    client: Any
    model: Path
    trained: TrainedModel
    reading: ImageOptions

    def options(self, asked: PredictOptions) -> PredictOptions:
        """The options, with the part of the free memory of each worker of this machine."""
        from cellseg.inference.memory import parse_memory

        if asked.memory is not None or not self.address.local:
            return asked
        return replace(asked, memory=f"{parse_memory(None) // self.address.local}B")

    def job(self, image: Path, source: ImageSource, target: Path, options: PredictOptions, token: str) -> ClusterJob:
        """The order for the workers; `source` is the image, opened."""
        from cellseg.inference.cluster.job import ClusterJob
        from cellseg.inference.journal_key import fingerprint

        return ClusterJob(
            model=_absolute(self.model),
            image=_absolute(image),
            reading=self.reading,
            options=options,
            output=target.absolute(),
            version=__version__,
            digest=self.trained.digest,
            marks=fingerprint(source),
            token=token,
        )

    def check(self, image: Path, source: ImageSource, target: Path, options: PredictOptions) -> None:
        """InputError where a worker cannot do the work; nothing is begun by it."""
        from cellseg.inference.cluster.hand_out import HandOut
        from cellseg.inference.cluster.job import CLIENT
        from cellseg.inference.work_log import refuse_at_work

        refuse_at_work(target, among={CLIENT})  # whose token has to stay
        with _token(target) as token:
            if not self.client.scheduler_info(n_workers=-1)["workers"]:
                say(f"{self.address.text}: waiting for a worker")
            hand_out = HandOut(self.client, self.job(image, source, target, options, token))
            count = hand_out.check()
            hand_out.wait_for_orphans()
        say(f"{self.address.text}: {count} workers; image, model and output are read by their paths")

    @contextmanager
    def at_work(self, prediction: Prediction, image: Path, target: Path) -> Iterator[HandOut]:
        """Its workers on one prediction, of tiles and then of numbering and writing; they are let go in the end."""
        from cellseg.inference.cluster.hand_out import HandOut
        from cellseg.inference.cluster.job import CLIENT
        from cellseg.inference.work_log import at_work

        with ExitStack() as after, at_work(target, CLIENT), _token(target) as token:
            hand_out = HandOut(self.client, self.job(image, prediction.source, target, prediction.seen.asked, token))
            after.callback(hand_out.leave)  # when the token is gone
            yield hand_out


@contextmanager
def cluster_run(
    processes: ProcessOptions, model: Path, trained: TrainedModel, reading: ImageOptions
) -> Iterator[ClusterRun | None]:
    """The cluster that `--cluster` or `--devices` names, connected; None where neither is given."""
    from cellseg.inference.cluster.connect import cluster_address, connected, devices_address, threads_each
    from cellseg.models.hardware import use_threads

    if processes.cluster is not None:
        address = cluster_address(processes.cluster)
    elif processes.devices is not None:
        address = devices_address(processes.devices)
    else:
        yield None
        return
    with connected(address) as client:
        use_threads(threads_each(address))  # decided for all: sums depend on them in the last bits
        yield ClusterRun(address, client, model, trained, reading)


def filled_by(hand_out: HandOut, prediction: Prediction) -> bool:
    """Have all missing tiles computed; False where it was stopped before."""
    from cellseg.inference.cluster.batches import batch_size, batches
    from cellseg.inference.helping import measure_together

    missing = prediction.missing_numbers()
    if not len(missing):
        return True
    for _ in measure_together(prediction, [prediction.planned[int(missing[0])].plane]):
        pass
    workers = max(1, len(hand_out.client.scheduler_info(n_workers=-1)["workers"]))
    size = batch_size(len(missing), prediction.plan().seconds, workers)
    name, began, done = prediction.source.name, time.monotonic(), 0
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        update = stack.enter_context(bar(f"{name}: tiles", len(missing)))
        for more in hand_out.run(batches(missing, size)):
            done += more
            update(done)
            if stop.asked:
                say(f"stopped: {done} of {len(missing)} tiles are done; go on with --resume")
                return False
    _tell_workers(hand_out, time.monotonic() - began)
    return True


def _tell_workers(hand_out: HandOut, seconds: float) -> None:
    for worker, found in sorted(hand_out.workers.items()):
        idle = max(seconds - found.seconds, 0)
        say(f"worker {worker}: {found.tiles} tiles in {duration(found.seconds)}, idle for {duration(idle)}")


@contextmanager
def _token(target: Path) -> Iterator[str]:
    """A file beside the result by which workers know the folder."""
    from cellseg.files import write_text
    from cellseg.inference.cluster.job import token_file

    token, path = secrets.token_hex(16), token_file(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, token)
    try:
        yield token
    finally:
        path.unlink(missing_ok=True)


def _absolute(path: Path) -> str:
    """The path from the root where there is such a file; else an address, or the name of a model."""
    return str(path.absolute()) if path.exists() else str(path)

"""Connections to a Dask scheduler: one at an address, one of a scheduler file, or workers of this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.extras import wanted

LOCAL = "local:"
PATIENCE = 20
"""Seconds until an address counts as dead."""
FAILURES = 50
"""Workers of this machine that may die with one batch; each tile is kept, so the next has less to do."""


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Place of the workers: `local` of them on this machine, a scheduler's file, or its address."""

    text: str
    local: int = 0
    file: Path | None = None


def cluster_address(text: str) -> ClusterAddress:
    """The address that `--cluster` means. Raises InputError for none."""
    if text.startswith(LOCAL):
        count = text.removeprefix(LOCAL)
        if not (count.isascii() and count.isdecimal() and 1 <= int(count) <= 4096):
            raise InputError(f"--cluster is {text!r}", "Give local:N with the number of workers, such as local:4.")
        return ClusterAddress(text, local=int(count))
    if Path(text).is_file():
        return ClusterAddress(text, file=Path(text))
    if ":" not in text:
        raise InputError(
            f"--cluster is {text!r}, which is no file", "Give local:N, tcp://HOST:PORT, or the scheduler's file."
        )
    return ClusterAddress(text)


@contextmanager
def connected(address: ClusterAddress) -> Iterator[Any]:
    """A client of the scheduler. Raises InputError where none answers, or the extra is not installed."""
    with wanted("cluster", "clusters"):
        import dask
        import distributed
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": FAILURES}),
            _client(distributed, address) as client,
        ):
            yield client
    finally:
        logging.getLogger("distributed").setLevel(logging.WARNING)


@contextmanager
def _client(distributed: Any, address: ClusterAddress) -> Iterator[Any]:
    if address.local:
        with (
            distributed.LocalCluster(
                n_workers=address.local,
                threads_per_worker=1,
                memory_limit=0,  # --memory holds
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    where = {"scheduler_file": str(address.file)} if address.file else {"address": address.text}
    try:
        client = distributed.Client(**where, timeout=PATIENCE)
    except (OSError, ValueError, RuntimeError) as error:
        found = f"no Dask scheduler answers at {address.text} ({type(error).__name__})"
        raise InputError(found, "Start one (dask scheduler), or give --cluster local:N.") from error
    try:
        yield client
    finally:
        client.close(timeout=2)


def threads_each(address: ClusterAddress) -> int | None:
    """Threads of each worker of this machine; None elsewhere, where whoever starts workers says so."""
    return max(1, (os.cpu_count() or 1) // address.local) if address.local else None

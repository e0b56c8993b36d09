"""Connections to a Dask scheduler: one at an address, one of a scheduler file, or workers of this machine."""

from __future__ import annotations

import asyncio
import json
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
ALL, CPU = "all", "cpu:"
PATIENCE = 20
"""Seconds until an address counts as dead."""
HERE = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
"""Place of scheduler and workers of this machine; ports that are free, as another cluster may be here."""
LOGGERS = "distributed", "distributed.client", "tornado.application"
"""Loggers of Dask that have levels of their own."""
FAILURES = 50
"""Workers of this machine that may die with one batch; each tile is kept, so the next has less to do."""


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Place of the workers: `local` of them on this machine, or a scheduler's address.

    Attributes:
        text: the address as it was given, or that of the scheduler's file.
        local: workers of this machine; 0 = a scheduler at `text`.
        cards: the GPU of each of these, as CUDA_VISIBLE_DEVICES names it; without any the system decides.
    """

    text: str
    local: int = 0
    cards: tuple[str, ...] = ()


def cluster_address(text: str) -> ClusterAddress:
    """The address that `--cluster` means. Raises InputError for none."""
    if text.startswith(LOCAL):
        count = text.removeprefix(LOCAL)
        if not (count.isascii() and count.isdecimal() and 1 <= int(count) <= 4096):
            raise InputError(f"--cluster is {text!r}", "Give local:N with the number of workers, such as local:4.")
        return ClusterAddress(text, local=int(count))
    if Path(text).is_file():
        return ClusterAddress(_in_file(Path(text)))
    if ":" not in text:
        raise InputError(
            f"--cluster is {text!r}, which is no file", "Give local:N, tcp://HOST:PORT, or the scheduler's file."
        )
    return ClusterAddress(text)


def _in_file(path: Path) -> str:
    """The address in a scheduler's file."""
    try:
        return str(json.loads(path.read_bytes())["address"])
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        found = "is no file of a Dask scheduler"
        raise InputError(found, "Give that of `dask scheduler --scheduler-file FILE`.", path=path) from error


def devices_address(text: str) -> ClusterAddress:
    """The address that `--devices` means: one worker of this machine for each GPU. Raises InputError without a GPU."""
    if text != ALL:
        return ClusterAddress(f"--devices {text}", local=int(text.removeprefix(CPU)), cards=("",))
    cards = cards_of_machine()
    if not cards:
        raise InputError("--devices all finds no GPU", "Leave it out, or give --devices cpu:N for N processes.")
    return ClusterAddress(f"--devices {text}", local=len(cards), cards=cards)


def cards_of_machine() -> tuple[str, ...]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    count = torch.cuda.device_count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(named.split(",")[:count]) if named else tuple(map(str, range(count)))


@contextmanager
def connected(address: ClusterAddress) -> Iterator[Any]:
    """A client of the scheduler. Raises InputError where none answers, or the extra is not installed."""
    with wanted("cluster", "clusters"):
        import dask
        import distributed
    with (
        _quiet(*LOGGERS),
        dask.config.set({"distributed.scheduler.allowed-failures": FAILURES}),
        _client(distributed, address) as client,
    ):
        yield client


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Have loggers say nothing: what goes wrong is told in one line."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _client(distributed: Any, address: ClusterAddress) -> Iterator[Any]:
    if address.local:
        with (
            distributed.SpecCluster(
                scheduler={"cls": distributed.Scheduler, "options": {"dashboard": False, **HERE}},
                workers={k: _worker(distributed, address, k) for k in range(address.local)},
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    _refuse_silent(distributed, address.text)
    client = distributed.Client(address.text, timeout=PATIENCE)
    try:
        yield client
    finally:
        client.close(timeout=2)


def _refuse_silent(distributed: Any, address: str) -> None:
    """InputError where no scheduler answers; a client itself waits for ever for a listener that says nothing."""

    async def kind() -> str:
        keys = distributed.Security().get_connection_args("client")
        async with distributed.rpc(address, connection_args=keys) as scheduler:
            return str((await scheduler.identity())["type"])

    async def asked() -> str:
        return await asyncio.wait_for(kind(), PATIENCE)

    try:
        found = asyncio.run(asked())
        reason = "" if found == "Scheduler" else f"it is a {found}"
    except (OSError, ValueError, RuntimeError, LookupError, TypeError) as error:
        reason = type(error).__name__
    if reason:
        found = f"no Dask scheduler answers at {address} ({reason})"
        raise InputError(found, "Start one (dask scheduler), or give --cluster local:N.")


def _worker(distributed: Any, address: ClusterAddress, number: int) -> dict[str, Any]:
    """The order for the worker `number` of this machine: a process with one thread for batches, perhaps with a GPU."""
    card = {"CUDA_VISIBLE_DEVICES": address.cards[number % len(address.cards)]} if address.cards else {}
    quiet = {"dashboard": False, "silence_logs": logging.CRITICAL}
    options = {"nthreads": 1, "memory_limit": 0, "env": card, **quiet, **HERE}  # --memory holds, not Dask
    return {"cls": distributed.Nanny, "options": options}


def threads_each(address: ClusterAddress) -> int | None:
    """Threads of each worker of this machine; None elsewhere, where whoever starts workers says so."""
    return max(1, (os.cpu_count() or 1) // address.local) if address.local else None

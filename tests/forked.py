"""Real processes that run the command line, forked from one that has imported all: they start at once.

Importing torch and the rest takes longer than most of what such a test is about. What is about the start itself, or
about a program's own output, starts a Python of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

from cellseg.cli import main

IMPORTED = ["cellseg.cli.train", "cellseg.cli.train_watch", "cellseg.training.train", "cellseg.inference.segment"]


class Forked:
    """`cellseg WORDS` in a process; it may write no file beyond `limit_bytes`, as on a full disk.

    `environment`: variables that it has beside those of this process.
    """

    def __init__(self, *words, limit_bytes: int | None = None, environment: dict[str, str] | None = None) -> None:
        self._said = Path(tempfile.mkdtemp()) / "said"
        context = multiprocessing.get_context("forkserver")  # of POSIX
        context.set_forkserver_preload(IMPORTED)
        arguments = [str(word) for word in words], self._said, limit_bytes, environment or {}
        self._process = context.Process(target=_run, args=arguments)
        self._process.start()

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def send(self, how: signal.Signals) -> None:
        os.kill(self._process.pid, how)

    def finish(self, seconds: float = 120) -> tuple[int | None, str]:
        """Exit code, and what was said on both streams; it is killed where it takes longer."""
        self._process.join(seconds)
        self._process.kill()
        self._process.join()
        return self.poll(), self._said.read_text()


def _run(words: list[str], said: Path, limit_bytes: int | None, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    with said.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    if limit_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    sys.argv = ["cellseg", *words]
    main()


def as_by_torchrun(processes: int) -> list[dict[str, str]]:
    """The variables by which torchrun tells its processes of each other, for each of them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shared = {"TORCHELASTIC_RUN_ID": "t", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "CUDA_VISIBLE_DEVICES": ""}
    counts = {"WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    every = [{**shared, **counts, "RANK": rank, "LOCAL_RANK": rank} for rank in range(processes)]
    return [{name: str(value) for name, value in one.items()} for one in every]
